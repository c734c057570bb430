using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Messages;

/// <summary>Writes down what the provider says became of messages. Runs inside the caller's transaction.</summary>
/// <remarks>
/// In two steps, so that whoever writes about other things as well can lock in one order: <see cref="FindAsync"/> locks nothing, then everybody is
/// locked and met (<see cref="ContactBook"/>), then <see cref="ApplyAsync"/> locks the messages.
/// </remarks>
/// <param name="context">The scope's client's data.</param>
/// <param name="stop">Stops a number that the provider refuses.</param>
/// <param name="contacts">Learns who got it.</param>
public sealed class RecordStatus(WaMcpDbContext context, StopChannel stop, ContactBook contacts)
{
    /// <summary>A status, and the message that it is about.</summary>
    /// <param name="Status">What is told.</param>
    /// <param name="Message">Of which message of the scope's client.</param>
    /// <param name="Contact">Whose that is.</param>
    /// <param name="Teaches">Who got it, when that is more than was known: somebody who was written to by their number gets their id by the first status.</param>
    public sealed record About(StatusUpdate Status, MessageId Message, ContactId Contact, PersonIds? Teaches);

    /// <summary>Applies one status by itself.</summary>
    /// <returns>Whether the message is the scope's client's.</returns>
    public async Task<bool> ExecuteAsync(ChannelId channel, StatusUpdate status, CancellationToken cancellationToken) =>
        await ExecuteAsync(channel, [status], cancellationToken) == 1;

    /// <summary>Applies statuses by themselves.</summary>
    /// <returns>How many of them are about messages of the scope's client.</returns>
    public async Task<int> ExecuteAsync(ChannelId channel, IReadOnlyCollection<StatusUpdate> statuses, CancellationToken cancellationToken)
    {
        var about = await FindAsync(channel, statuses, cancellationToken);
        var taught = about.Where(each => each.Teaches is not null).Select(each => (each.Teaches!, each.Status.At)).ToList();
        await contacts.LockAsync(channel, [.. taught.Select(each => each.Item1)], [.. about.Select(each => each.Contact)], cancellationToken);
        await contacts.MeetAsync(channel, taught, cancellationToken);
        return await ApplyAsync(channel, about, cancellationToken);
    }

    /// <summary>The messages that statuses are about; of those that are missing the scope's client has none.</summary>
    public async Task<IReadOnlyList<About>> FindAsync(ChannelId channel, IReadOnlyCollection<StatusUpdate> statuses, CancellationToken cancellationToken)
    {
        if (statuses.Count == 0)
        {
            return [];
        }

        List<MessageId> ours = [.. statuses.Select(status => status.MessageId).OfType<MessageId>().Distinct()];
        List<string> theirs = [.. statuses.Select(status => status.ProviderMessageId).Distinct()];
        var found = new List<Found>();
        // Our own id first: the status may come before we could write down the provider's.
        foreach (var messages in new[]
        {
            context.Messages.Where(message => ours.Contains(message.Id)),
            context.Messages.Where(message => message.ProviderMessageId != null && theirs.Contains(message.ProviderMessageId)),
        })
        {
            found.AddRange(await (
                from message in messages.AsNoTracking()
                join contact in context.Contacts.AsNoTracking() on message.ContactId equals contact.Id
                where message.ChannelId == channel && message.Direction == MessageDirection.Outbound
                select new Found(message.Id, message.ProviderMessageId, contact.Id, contact.ProviderUserId == null ? contact.Phone : null)).ToListAsync(cancellationToken));
        }

        var (byOurs, byTheirs) = (new Dictionary<MessageId, Found>(), new Dictionary<string, Found>());
        foreach (var message in found)
        {
            byOurs.TryAdd(message.Id, message);
            _ = message.ProviderMessageId is { } id && byTheirs.TryAdd(id, message);
        }

        var about = new List<About>();
        foreach (var status in statuses)
        {
            if (((status.MessageId is { } id ? byOurs.GetValueOrDefault(id) : null) ?? byTheirs.GetValueOrDefault(status.ProviderMessageId)) is { } message)
            {
                var teaches = status.Person is { UserId: not null, Phone: { } phone } && phone == message.PhoneAlone ? status.Person : null;
                about.Add(new About(status, message.Id, message.Contact, teaches));
            }
        }

        return about;
    }

    /// <summary>Applies them: twice is once, late is nothing, and one that settles an unknown outcome settles it.</summary>
    /// <returns>How many.</returns>
    public async Task<int> ApplyAsync(ChannelId channel, IReadOnlyCollection<About> statuses, CancellationToken cancellationToken)
    {
        if (statuses.Count == 0)
        {
            return 0;
        }

        Guid[] ids = [.. statuses.Select(about => about.Message.Value).Distinct()];
        var messages = await context.Messages.FromSql($"SELECT * FROM messages WHERE id = ANY ({ids}) ORDER BY id FOR UPDATE").ToDictionaryAsync(message => message.Id, cancellationToken);
        var stops = new List<StatusUpdate>();
        foreach (var (status, id, _, _) in statuses)
        {
            if (Apply(status, messages[id]) && status.StopsChannel)
            {
                stops.Add(status);
            }
        }

        await context.SaveChangesAsync(cancellationToken);
        context.ChangeTracker.Clear(); // whoever looks at them next sees what the database has
        foreach (var refused in statuses.Where(about => about.Status.OptedOut))
        {
            await contacts.PreferAsync(messages[refused.Message].ContactId, stopsMarketing: true, refused.Status.At, cancellationToken);
        }

        // Last, because everybody who sends over the number looks at its row.
        foreach (var refused in stops)
        {
            if (!await IsBeforeResumeAsync(channel, refused.At, cancellationToken))
            {
                await stop.ExecuteAsync(channel, refused.ErrorCode ?? "provider_failed", refused.ErrorText ?? "", cancellationToken);
            }
        }

        return statuses.Count;
    }

    // Whether it failed by this.
    private static bool Apply(StatusUpdate status, Message message)
    {
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

        return failed;
    }

    // What the number was refused for before the operator let it send again is settled. Providers tell whole seconds.
    private Task<bool> IsBeforeResumeAsync(ChannelId channel, DateTimeOffset at, CancellationToken cancellationToken) =>
        context.Channels.AnyAsync(candidate => candidate.Id == channel && candidate.ResumedAt >= at.AddSeconds(1), cancellationToken);

    private sealed record Found(MessageId Id, string? ProviderMessageId, ContactId Contact, string? PhoneAlone);
}
