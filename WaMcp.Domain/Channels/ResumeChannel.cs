using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Channels;

/// <summary>Lets a channel send again that was stopped because the provider refused it, or that it asked to pause.</summary>
/// <param name="context">The database.</param>
/// <param name="find">Finds the channel.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="clock">Stamps it.</param>
public sealed class ResumeChannel(WaMcpDbContext context, FindChannel find, AuditedChange change, TimeProvider clock)
{
    /// <summary>Lets it send; what waited for it is sent from now on.</summary>
    /// <exception cref="Fault"><c>not_found</c>; <c>conflict</c> when it is neither.</exception>
    public async Task<Channel> ExecuteAsync(string reference, CancellationToken cancellationToken)
    {
        var channel = await find.ExecuteAsync(reference, cancellationToken);
        if (channel.StoppedReason is not { } reason)
        {
            await EndPauseAsync(channel, cancellationToken);
            return channel;
        }

        (channel.StoppedAt, channel.StoppedReason, channel.ResumedAt) = (null, null, clock.GetUtcNow());
        await change.SaveAsync(
            change.Row(AuditAction.ChannelResumed) with { ChannelId = channel.Id }, new() { ["stopped"] = reason }, cancellationToken);
        return channel;
    }

    // The provider asked the number to be quiet for a while (131048); what it sends by its usual pace is never so far ahead.
    private async Task EndPauseAsync(Channel channel, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var isPaused = await context.Database.ExecuteSqlAsync(
            $"UPDATE pacing SET tat = now() WHERE subject = 'number:' || {channel.Id.Value}::text AND tat > now() + interval '1 minute'", cancellationToken) == 1;
        if (!isPaused)
        {
            throw new Fault(FaultCode.Conflict, $"{channel.Name} is not stopped and not paused.", "`admin channels list` shows which channels are.");
        }

        await change.SaveAsync(
            change.Row(AuditAction.ChannelResumed) with { ChannelId = channel.Id }, new() { ["paused"] = true }, cancellationToken);
    }
}
