using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Auth;

/// <summary>
/// A system for tests that knock thousands of times from one address, so its limits per address are far away. It logs as much as an
/// operator can turn on and exports its telemetry, for what must not be found there.
/// </summary>
public sealed class AttackedSystem : IAsyncLifetime
{
    internal TelemetryCollector Telemetry { get; private set; } = null!;

    internal WaMcpSystem System { get; private set; } = null!;

    /// <summary>There can be only one.</summary>
    internal Client Owner { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Telemetry = await TelemetryCollector.StartAsync();
        System = await WaMcpSystem.StartAsync(
            postgres: null,
            ("AddressLimit:FailureLimit", "10000000"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", Telemetry.Address.ToString()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "200000"), // a span that is dropped is a span that nobody looked at
            ("Logging:LogLevel:Default", "Trace"),
            ("Logging:LogLevel:Microsoft.AspNetCore", "Trace"),
            ("Logging:LogLevel:Microsoft.EntityFrameworkCore", "Trace"),
            ("Logging:LogLevel:ModelContextProtocol", "Trace"),
            ("Logging:LogLevel:Npgsql", "Trace"));
        Owner = await System.Console.ClientAsync(isOwner: true);
    }

    public async Task DisposeAsync()
    {
        await System.DisposeAsync();
        await Telemetry.DisposeAsync();
    }
}

/// <summary>Names the collection of tests over the <see cref="AttackedSystem"/>.</summary>
[CollectionDefinition(Name)]
public sealed class AttackedSystemTests : ICollectionFixture<AttackedSystem>
{
    public const string Name = "attacked system";
}
