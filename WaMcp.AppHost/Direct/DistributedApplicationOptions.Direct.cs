namespace WaMcp.AppHost.Direct;

/// <summary>What is known before the diagram is drawn.</summary>
internal sealed class DistributedApplicationOptions(ProcessLedger ledger)
{
    public ProcessLedger Ledger => ledger;

    public ExecutableResource? Dashboard { get; set; }

    /// <summary>Where programs send their telemetry, OTLP over gRPC; null when nobody would show it.</summary>
    public string? TelemetryEndpoint { get; set; }
}
