using WaMcp.Domain.Audit;

namespace WaMcp.Domain.Endpoints;

/// <summary>An operator switches an endpoint off, or on again.</summary>
/// <remarks>What waits for a disabled endpoint is dropped when its turn comes, and nothing new is queued; a replay brings it all.</remarks>
/// <param name="find">Finds it.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="clock">Stamps it.</param>
public sealed class EnableEndpoint(FindEndpoint find, AuditedChange change, TimeProvider clock)
{
    /// <summary>Sets the state; doing it twice does no harm. One that is enabled starts afresh.</summary>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<Endpoint> ExecuteAsync(string reference, bool enabled, CancellationToken cancellationToken)
    {
        var endpoint = await find.ExecuteAsync(reference, cancellationToken);
        if (enabled)
        {
            (endpoint.DisabledAt, endpoint.DisabledReason, endpoint.FailingSince, endpoint.HoldUntil) = (null, null, null, null);
        }
        else if (endpoint.DisabledAt is null)
        {
            (endpoint.DisabledAt, endpoint.DisabledReason) = (clock.GetUtcNow(), StopEndpoint.Operator);
        }

        await change.SaveAsync(
            change.Row(enabled ? AuditAction.EndpointEnabled : AuditAction.EndpointDisabled) with { ClientId = endpoint.ClientId },
            new() { ["endpoint"] = endpoint.Id.ToString() },
            affected: [],
            cancellationToken);
        return endpoint;
    }
}
