using WaMcp.Domain.Channels;
using WaMcp.Domain.Endpoints;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Jobs;

/// <summary>A job about to be written.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="SubjectId">The message or webhook event it is about.</param>
/// <param name="ClientId">For which client, if it concerns one.</param>
/// <param name="ChannelId">On which channel, if it concerns one.</param>
/// <param name="TraceParent">W3C trace context of the cause.</param>
/// <param name="OrderKey">What it is done in order with: jobs of one key one after the other, as they were written.</param>
public sealed record NewJob(
    JobKind Kind, Guid SubjectId, ClientId? ClientId = null, ChannelId? ChannelId = null, string? TraceParent = null, Guid? OrderKey = null)
{
    /// <summary>Which endpoint to tell.</summary>
    public EndpointId? EndpointId { get; init; }

    /// <summary>What to tell it (<see cref="EndpointEvent"/>).</summary>
    public string? Event { get; init; }
}
