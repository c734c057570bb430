using System.ComponentModel.DataAnnotations.Schema;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Endpoints;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Jobs;

/// <summary>
/// A durable unit of background work. It exists if, and only if, the transaction of what caused it committed; it holds ids and the
/// trace context, never content. A job that was done is deleted.
/// </summary>
/// <remarks>
/// Claiming pushes <see cref="RunAt"/> to the end of the lease and sets <see cref="LeaseId"/>: the job is invisible until then and comes
/// back by itself when its owner died. Every completion is guarded by the lease id, so a slow first owner cannot overwrite its rescuer.
/// </remarks>
public sealed class Job
{
    /// <summary>The id, <c>job_…</c>.</summary>
    public JobId Id { get; init; }

    /// <summary>What to do.</summary>
    public JobKind Kind { get; init; }

    /// <summary>For which client; null where the work concerns nobody yet.</summary>
    public ClientId? ClientId { get; init; }

    /// <summary>On which channel, where the work concerns one.</summary>
    public ChannelId? ChannelId { get; init; }

    /// <summary>The message or webhook event it is about.</summary>
    public Guid SubjectId { get; init; }

    /// <summary>Which endpoint to tell.</summary>
    public EndpointId? EndpointId { get; init; }

    /// <summary>What to tell it (<see cref="EndpointEvent"/>).</summary>
    public string? Event { get; init; }

    /// <summary>Not before; while claimed, the end of the lease.</summary>
    public DateTimeOffset RunAt { get; init; }

    /// <summary>
    /// Of a message that was just claimed: how long after the claim its number may send it. What a number sends is spread as its pace says, however
    /// many are claimed together and by however many workers.
    /// </summary>
    [NotMapped]
    public TimeSpan Slot { get; init; }

    /// <summary>How often it was claimed.</summary>
    public int Attempts { get; init; }

    /// <summary>The present claim.</summary>
    public Guid? LeaseId { get; init; }

    /// <summary>When it was given up; null while there is hope.</summary>
    public DateTimeOffset? DeadAt { get; init; }

    /// <summary>What went wrong last; never content.</summary>
    public string? LastError { get; init; }

    /// <summary>W3C trace context of the cause.</summary>
    public string? TraceParent { get; init; }

    /// <summary>What it is done in order with: for a message its conversation.</summary>
    public Guid? OrderKey { get; init; }

    /// <summary>Its place in that order.</summary>
    public long Seq { get; init; }

    /// <summary>Whether another job comes before it in that order.</summary>
    public bool Waits { get; init; }

    /// <summary>Who shares the queue fairly with whom: the client on the channel, or at the endpoint. Made by the database.</summary>
    public string Turn { get; init; } = "";

    /// <summary>When it was written.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}
