using WaMcp.Domain.Audit;

namespace WaMcp.Domain.Channels;

/// <summary>Lets a channel send again that was stopped because the provider refused it.</summary>
/// <param name="find">Finds the channel.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="clock">Stamps it.</param>
public sealed class ResumeChannel(FindChannel find, AuditedChange change, TimeProvider clock)
{
    /// <summary>Lets it send; what waited for it is sent from now on.</summary>
    /// <exception cref="Fault"><c>not_found</c>; <c>conflict</c> when it is not stopped.</exception>
    public async Task<Channel> ExecuteAsync(string reference, CancellationToken cancellationToken)
    {
        var channel = await find.ExecuteAsync(reference, cancellationToken);
        if (channel.StoppedReason is not { } reason)
        {
            throw new Fault(FaultCode.Conflict, $"{channel.Name} is not stopped.", "`admin channels list` shows which channels are.");
        }

        (channel.StoppedAt, channel.StoppedReason, channel.ResumedAt) = (null, null, clock.GetUtcNow());
        await change.SaveAsync(
            change.Row(AuditAction.ChannelResumed) with { ChannelId = channel.Id }, new() { ["stopped"] = reason }, cancellationToken);
        return channel;
    }
}
