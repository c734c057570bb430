using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Messages;

/// <summary>Writes down what the provider says became of a message. Runs inside the caller's transaction.</summary>
/// <param name="context">The scope's client's data.</param>
/// <param name="stop">Stops a number that the provider refuses.</param>
/// <param name="contacts">Learns who got it.</param>
public sealed class RecordStatus(WaMcpDbContext context, StopChannel stop, ContactBook contacts)
{
    /// <summary>Applies one status: twice is once, late is nothing, and one that settles an unknown outcome settles it.</summary>
    /// <returns>Whether the message is the scope's client's.</returns>
    public async Task<bool> ExecuteAsync(ChannelId channel, StatusUpdate status, CancellationToken cancellationToken)
    {
        // Our own id first: the status may come before we could write down the provider's.
        var message = status.MessageId is { } ours ? await context.LockAsync(ours, cancellationToken) : null;
        message ??= await context.LockAsync(channel, status.ProviderMessageId, cancellationToken);
        if (message is null || message.ChannelId != channel)
        {
            return false;
        }

        // The status belongs to the trace of the call that caused the message, whatever request brought it.
        using var activity = WaMcpTelemetry.StartFrom(message.TraceParent, $"message {status.State}", ActivityKind.Internal);
        activity?.SetTag("wamcp.message.id", message.Id.ToString());

        message.ProviderMessageId ??= status.ProviderMessageId;
        message.PricingCategory = status.PricingCategory ?? message.PricingCategory;
        message.Billable = status.Billable ?? message.Billable;
        if (status.State is MessageState.Sent or MessageState.Delivered or MessageState.Read)
        {
            message.Stamp(status.State.Value, status.At);
        }

        var failed = status.State == MessageState.Failed && message.MoveTo(MessageState.Failed, status.At);
        if (failed)
        {
            message.ErrorCode = status.ErrorCode ?? "provider_failed";
            message.ErrorText = status.ErrorText ?? "The provider could not deliver the message.";
        }
        else if (status.State is { } state and not MessageState.Failed)
        {
            message.MoveTo(state, status.At);
        }

        await context.SaveChangesAsync(cancellationToken);
        if (status.OptedOut)
        {
            await contacts.PreferAsync(message.ContactId, stopsMarketing: true, status.At, cancellationToken);
        }

        await LearnAsync(channel, message, status, cancellationToken);
        if (failed && status.StopsChannel && !await IsBeforeResumeAsync(channel, status.At, cancellationToken))
        {
            await stop.ExecuteAsync(channel, message.ErrorCode ?? status.ErrorCode!, status.ErrorText ?? "", cancellationToken);
        }

        return true;
    }

    // Somebody who was written to by their number gets their id by the first status, before they ever answer.
    private async Task LearnAsync(ChannelId channel, Message message, StatusUpdate status, CancellationToken cancellationToken)
    {
        if (status.Person is { UserId: not null, Phone: not null } person && await context.Contacts.AnyAsync(
            contact => contact.Id == message.ContactId && contact.ProviderUserId == null && contact.Phone == person.Phone, cancellationToken))
        {
            await contacts.FindOrAddAsync(channel, person, status.At, cancellationToken);
        }
    }

    // What the number was refused for before the operator let it send again is settled. Providers tell whole seconds.
    private Task<bool> IsBeforeResumeAsync(ChannelId channel, DateTimeOffset at, CancellationToken cancellationToken) =>
        context.Channels.AnyAsync(candidate => candidate.Id == channel && candidate.ResumedAt >= at.AddSeconds(1), cancellationToken);
}
