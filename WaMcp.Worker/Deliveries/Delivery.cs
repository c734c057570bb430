using System.Diagnostics;
using WaMcp.Domain;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;

namespace WaMcp.Worker.Deliveries;

/// <summary>A claimed message on its way from claim to settled, with the span of its own that runs all that way.</summary>
internal sealed class Delivery
{
    public Delivery(Job job, Slot slot)
    {
        Job = job;
        Slot = slot;
        Span = WaMcpTelemetry.StartFrom(job.TraceParent, $"job {job.Kind}", ActivityKind.Consumer);
        Span?.SetTag("wamcp.job.id", job.Id.ToString()).SetTag("wamcp.job.attempt", job.Attempts);
        Activity.Current = null; // many begin one after the other, and none is another's parent
    }

    public Job Job { get; }

    /// <summary>When it may leave.</summary>
    public Slot Slot { get; set; }

    public Activity? Span { get; }

    public MessageId MessageId => new(Job.SubjectId);

    /// <summary>It ended, one way or the other.</summary>
    public void End(string outcome, string? problem = null)
    {
        if (problem is not null)
        {
            Span?.SetStatus(ActivityStatusCode.Error, problem);
        }

        Span?.Dispose();
        WaMcpTelemetry.JobCompleted(Job.Kind.ToString(), outcome);
    }
}

/// <summary>A message that was taken, with what sending it needs.</summary>
/// <param name="Delivery">Its job.</param>
/// <param name="Message">As it was taken.</param>
/// <param name="Content">What it says.</param>
/// <param name="Channel">From where.</param>
/// <param name="Contact">To whom.</param>
/// <param name="Media">The provider's copies of its files.</param>
/// <param name="Caps">The caps of which it has a place.</param>
/// <param name="TakenAt">When it took them.</param>
/// <param name="Taken">The same, to measure by.</param>
internal sealed record Sending(
    Delivery Delivery,
    Message Message,
    MessageContent Content,
    Channel Channel,
    Contact Contact,
    IReadOnlyDictionary<MediaObjectId, MediaUpload> Media,
    IReadOnlyList<string> Caps,
    DateTimeOffset TakenAt,
    long Taken);

/// <summary>A message that has to wait until the provider has its files; it is still queued, and its job is held.</summary>
/// <param name="Delivery">Its job.</param>
/// <param name="Channel">For which number.</param>
/// <param name="Missing">What the provider does not have.</param>
internal sealed record Unready(Delivery Delivery, Channel Channel, IReadOnlyList<MediaObjectId> Missing);

/// <summary>A message that was handed over.</summary>
/// <param name="Sending">Which.</param>
/// <param name="Outcome">How that ended.</param>
internal sealed record Sent(Sending Sending, SendOutcome Outcome);
