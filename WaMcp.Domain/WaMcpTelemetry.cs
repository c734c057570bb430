using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace WaMcp.Domain;

/// <summary>
/// Owns the names of our spans and instruments; docs/architecture/telemetry.md lists them. Client ids go on spans and logs, never on
/// metrics, where every client would be a time series.
/// </summary>
public static class WaMcpTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "WaMcp";

    /// <summary>Our spans.</summary>
    public static readonly ActivitySource Source = new(Name);

    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> AuditRows = Meter.CreateCounter<long>("wamcp.audit.written", "{row}", "Audit rows written.");

    private static readonly Counter<long> AuditFailures =
        Meter.CreateCounter<long>("wamcp.audit.failed", "{row}", "Audit rows that could not be written.");

    private static readonly UpDownCounter<long> AuditQueue =
        Meter.CreateUpDownCounter<long>("wamcp.audit.queued", "{row}", "Audit rows that wait to be written.");

    private static readonly Histogram<double> AuditFlushes =
        Meter.CreateHistogram<double>("wamcp.audit.flush.duration", "s", "How long one write of audit rows took.");

    private static readonly Gauge<long> AuditUnsealed =
        Meter.CreateGauge<long>("wamcp.audit.unsealed", "{batch}", "Audit batches that the notary has still to seal.");

    private static readonly Counter<long> AuditBreaks =
        Meter.CreateCounter<long>("wamcp.audit.chain.breaks", "{finding}", "What the check of the audit chain found wrong.");

    private static readonly Counter<long> JobsDone = Meter.CreateCounter<long>("wamcp.job.completed", "{job}", "Jobs by kind and outcome.");

    private static readonly Counter<long> Stops =
        Meter.CreateCounter<long>("wamcp.channel.stopped", "{channel}", "Channels that the provider refused and that wait for an operator.");

    private static readonly Counter<long> Uploads =
        Meter.CreateCounter<long>("wamcp.media.uploaded", "By", "Bytes of media handed to providers, by outcome.");

    private static readonly Counter<long> Downloads =
        Meter.CreateCounter<long>("wamcp.media.fetched", "{file}", "Attempts to fetch files that contacts sent, by outcome.");

    private static readonly Histogram<double> DutyRuns =
        Meter.CreateHistogram<double>("wamcp.duty.duration", "s", "Runs of daily duties, by duty and outcome.");

    private static readonly Counter<long> Webhooks =
        Meter.CreateCounter<long>("wamcp.webhook.received", "{event}", "Webhook deliveries by outcome.");

    private static readonly Counter<long> Deliveries =
        Meter.CreateCounter<long>("wamcp.webhook.outcome", "{part}", "What became of stored deliveries, by outcome.");

    private static readonly Counter<long> Notices =
        Meter.CreateCounter<long>("wamcp.endpoint.attempt", "{attempt}", "Attempts to tell clients' endpoints something, by outcome.");

    private static readonly Counter<long> EndpointStops =
        Meter.CreateCounter<long>("wamcp.endpoint.disabled", "{endpoint}", "Endpoints that were switched off because they take nothing any more.");

    /// <summary>Audit rows reached the database.</summary>
    public static void AuditWritten(int rows) => AuditRows.Add(rows);

    /// <summary>Audit rows did not reach the database: the gap is an alert of its own.</summary>
    public static void AuditFailed(int rows) => AuditFailures.Add(rows);

    /// <summary>Audit rows joined the queue, or left it.</summary>
    public static void AuditQueued(int rows) => AuditQueue.Add(rows);

    /// <summary>Audit rows were written at once.</summary>
    public static void AuditFlushed(TimeSpan elapsed) => AuditFlushes.Record(elapsed.TotalSeconds);

    /// <summary>The notary looked at what it has to do.</summary>
    public static void AuditNotSealed(long batches) => AuditUnsealed.Record(batches);

    /// <summary>A check of the audit chain ended; 0 is good news.</summary>
    public static void AuditChainChecked(long findings) => AuditBreaks.Add(findings);

    /// <summary>A job ended one way or the other.</summary>
    public static void JobCompleted(string kind, string outcome) =>
        JobsDone.Add(1, new("wamcp.job.kind", kind), new("wamcp.job.outcome", outcome));

    /// <summary>The provider refused a whole channel.</summary>
    public static void ChannelStopped(string reason) => Stops.Add(1, new KeyValuePair<string, object?>("wamcp.reason", reason));

    /// <summary>A file was handed to the provider, which took it or not.</summary>
    public static void MediaUploaded(string outcome, long bytes) => Uploads.Add(bytes, new KeyValuePair<string, object?>("wamcp.media.outcome", outcome));

    /// <summary>A file that a contact sent was fetched, or not: then with the word for why.</summary>
    public static void MediaFetched(string outcome) => Downloads.Add(1, new KeyValuePair<string, object?>("wamcp.media.outcome", outcome));

    /// <summary>A run of a daily duty ended one way or the other.</summary>
    public static void DutyCompleted(string duty, string outcome, TimeSpan took) =>
        DutyRuns.Record(took.TotalSeconds, new("wamcp.duty.name", duty), new("wamcp.duty.outcome", outcome));

    /// <summary>A webhook delivery was stored or refused.</summary>
    public static void WebhookReceived(string provider, string outcome) =>
        Webhooks.Add(1, new("wamcp.webhook.provider", provider), new("wamcp.webhook.outcome", outcome));

    /// <summary>A stored delivery was taken apart, and so many of its parts came to this.</summary>
    public static void DeliveryEnded(string provider, string outcome, int parts) =>
        Deliveries.Add(parts, new("wamcp.webhook.provider", provider), new("wamcp.webhook.outcome", outcome));

    /// <summary>An endpoint was told an event, and took it or not.</summary>
    public static void EndpointTold(string outcome) => Notices.Add(1, new KeyValuePair<string, object?>("wamcp.endpoint.outcome", outcome));

    /// <summary>An endpoint was switched off.</summary>
    public static void EndpointDisabled(string reason) => EndpointStops.Add(1, new KeyValuePair<string, object?>("wamcp.reason", reason));

    /// <summary>Continues the trace of whoever wrote down <paramref name="traceParent"/>; a new one when there is none.</summary>
    public static Activity? StartFrom(string? traceParent, string name, ActivityKind kind)
    {
        ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent);
        return Source.StartActivity(name, kind, parent);
    }
}
