using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Duties;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Contacts;

/// <summary>Erases what one client has of one person: name, number and id, and what every message to and from them says.</summary>
/// <remarks>
/// The contact, the conversation and the messages stay as ids, states and times, so that what was sent and received still counts, and so that
/// a delivery that is repeated, or a change of a message that comes late, finds its message and does not bring the person back. The audit log is not touched: it never held content.
/// Doing it twice does no harm. Only an operator can do it; it is audited as <c>contact_erased</c>, with ids and counts.
/// </remarks>
/// <param name="context">The database.</param>
/// <param name="tenant">Whose contact: set here, from then on row-level security shows this client's records only.</param>
/// <param name="clients">Finds the client.</param>
/// <param name="channels">Finds the channel.</param>
/// <param name="media">Gives files up that only this person got.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="clock">Stamps it.</param>
public sealed class EraseContact(
    WaMcpDbContext context, TenantContext tenant, FindClient clients, FindChannel channels, MarkMedia media, AuditedChange change, TimeProvider clock)
{
    // A delivery names a person by number or id in a JSON string of its own. What is not recorded for everybody yet cannot be deleted.
    private const string DeleteDeliveries =
        """
        WITH naming AS MATERIALIZED (
            SELECT id, fanned_out_at IS NOT NULL AND NOT EXISTS (SELECT FROM jobs WHERE jobs.subject_id = webhook_events.id) AS is_done
            FROM webhook_events
            WHERE provider = $1 AND position(convert_to($2, 'UTF8') IN body) > 0
                AND EXISTS (SELECT FROM unnest($3) AS person WHERE position(convert_to('"' || person || '"', 'UTF8') IN body) > 0)
        ), deleted AS (
            DELETE FROM webhook_events USING naming WHERE webhook_events.id = naming.id AND is_done RETURNING 1
        )
        SELECT ARRAY[(SELECT count(*) FROM deleted), (SELECT count(*) FROM naming WHERE NOT is_done)]
        """;

    /// <summary>What was erased.</summary>
    /// <param name="Contact">The contact's id, which stays.</param>
    /// <param name="Messages">Messages that said something and say nothing now.</param>
    /// <param name="Cancelled">Messages that were queued and are not sent.</param>
    /// <param name="Media">Files that no other message needs; a Worker deletes them within moments.</param>
    /// <param name="Deliveries">Raw deliveries of the provider that were deleted.</param>
    /// <param name="DeliveriesLeft">Raw deliveries that name the person and are still to be recorded: what they bring will be a new contact.</param>
    public sealed record Erasure(string Contact, long Messages, long Cancelled, long Media, long Deliveries, long DeliveriesLeft);

    /// <summary>Finds the person, so that an operator can be asked.</summary>
    /// <param name="client">Whose contact: id or slug.</param>
    /// <param name="person">The contact's id; with a channel also the provider's id for the person, or the phone number.</param>
    /// <param name="channel">Id, name or phone number id; null when <paramref name="person"/> is the contact's id.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="Fault"><c>not_found</c>, <c>invalid_input</c>.</exception>
    public async Task<Contact> FindAsync(string client, string person, string? channel, CancellationToken cancellationToken)
    {
        tenant.Set((await clients.ExecuteAsync(client, cancellationToken)).Id);
        if (TypedId.TryParse<ContactId>(person, out var id))
        {
            var ended = id.Value;
            var kept = await context.EndedIds.Where(row => row.Id == ended).Select(row => (Guid?)row.KeptId).SingleOrDefaultAsync(cancellationToken);
            var present = new ContactId(kept ?? ended);
            return await context.Contacts.SingleOrDefaultAsync(contact => contact.Id == present, cancellationToken) ?? throw Unknown(person);
        }

        if (channel is null)
        {
            throw Fault.Invalid("channel", "missing: without it the person is named by the contact's id (con_…).", "Say over which channel the person is known.");
        }

        var on = (await channels.ExecuteAsync(channel, cancellationToken)).Id;
        var phone = PhoneNumber.Normalize(person);
        return await context.Contacts.SingleOrDefaultAsync(contact => contact.ChannelId == on && contact.ProviderUserId == person, cancellationToken)
            ?? await context.Contacts.SingleOrDefaultAsync(contact => context.ContactAliases.Any(alias => alias.ContactId == contact.Id
                && alias.ChannelId == on && alias.Kind == AliasKind.User && alias.Value == person), cancellationToken)
            ?? (phone is null ? null
                : await context.Contacts.SingleOrDefaultAsync(contact => contact.ChannelId == on && contact.Phone == phone, cancellationToken))
            ?? throw Unknown(person);
    }

    /// <summary>Erases the person.</summary>
    /// <param name="found">Who: what <see cref="FindAsync"/> found.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    public async Task<Erasure> ExecuteAsync(Contact found, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken); // committed with the audit row
        await context.Database.ExecuteSqlAsync($"SELECT FROM contacts WHERE id = {found.Id.Value} FOR UPDATE", cancellationToken);
        await context.Entry(found).ReloadAsync(cancellationToken);
        // What is being fetched for them is there to be seen, or finds nothing left to belong to.
        await context.Database.ExecuteSqlAsync($"SELECT FROM messages WHERE client_id = {found.ClientId.Value} AND contact_id = {found.Id.Value} ORDER BY id FOR UPDATE", cancellationToken);
        var messages = context.Messages.Where(message => message.ContactId == found.Id);
        var cancelled = await messages.Where(message => message.State == MessageState.Queued)
            .ExecuteUpdateAsync(change => change.SetProperty(message => message.State, MessageState.Cancelled), cancellationToken);
        var files = await messages.Where(message => message.MediaIds.Length > 0).Select(message => message.MediaIds).ToListAsync(cancellationToken);
        var now = clock.GetUtcNow();
        var emptied = await messages.Where(message => message.Body != null || message.Raw != null || message.Content != null)
            .ExecuteUpdateAsync(
                change => change.SetProperty(message => message.ContentRemovedAt, (DateTimeOffset?)now).SetProperty(message => message.Body, (string?)null).SetProperty(message => message.Raw, (string?)null)
                    .SetProperty(message => message.Content, (string?)null)
                    .SetProperty(message => message.MediaIds, Array.Empty<Guid>()),
                cancellationToken);
        // Of what says nothing yet, nothing is written down either.
        await messages.Where(message => message.ContentRemovedAt == null)
            .ExecuteUpdateAsync(change => change.SetProperty(message => message.ContentRemovedAt, (DateTimeOffset?)now), cancellationToken);
        var erased = await EraseFilesAsync([.. files.SelectMany(ids => ids).Distinct()], cancellationToken);
        var (deleted, left) = await DeleteDeliveriesAsync(found, cancellationToken);
        await context.ContactAliases.Where(alias => alias.ContactId == found.Id).ExecuteDeleteAsync(cancellationToken);
        await context.Conversations.Where(conversation => conversation.ContactId == found.Id)
            .ExecuteUpdateAsync(change => change.SetProperty(conversation => conversation.ReadUntil, conversation => conversation.LastInboundId), cancellationToken);
        found.Erase(now);
        var erasure = new Erasure(found.Id.ToString(), emptied, cancelled, erased, deleted, left);
        await change.SaveAsync(
            change.Row(AuditAction.ContactErased) with { ClientId = found.ClientId, ChannelId = found.ChannelId },
            new()
            {
                ["contact"] = erasure.Contact,
                ["messages"] = erasure.Messages,
                ["cancelled"] = erasure.Cancelled,
                ["media"] = erasure.Media,
                ["deliveries"] = erasure.Deliveries,
                ["deliveriesLeft"] = erasure.DeliveriesLeft,
            },
            [],
            cancellationToken);
        return erasure;
    }

    // The files are where the Worker is, not the console: it is asked to tidy up as soon as this is committed, and if it fails, every day again.
    private async Task<int> EraseFilesAsync(Guid[] files, CancellationToken cancellationToken)
    {
        var marked = files.Length == 0 ? 0 : await media.MarkAsync(files, cancellationToken);
        if (marked > 0)
        {
            var now = clock.GetUtcNow();
            await context.Duties.Where(duty => duty.Name == Duty.PruneMessages && duty.DueAt > now)
                .ExecuteUpdateAsync(change => change.SetProperty(duty => duty.DueAt, now), cancellationToken);
        }

        return marked;
    }

    private async Task<(long Deleted, long Left)> DeleteDeliveriesAsync(Contact contact, CancellationToken cancellationToken)
    {
        var channel = await context.Channels.AsNoTracking().SingleAsync(candidate => candidate.Id == contact.ChannelId, cancellationToken);
        var before = await context.ContactAliases.Where(alias => alias.ContactId == contact.Id).Select(alias => alias.Value).ToListAsync(cancellationToken);
        string[] names = [.. new[] { contact.ProviderUserId, contact.Phone }.OfType<string>(), .. before];
        await using var command = new NpgsqlCommand(DeleteDeliveries, (NpgsqlConnection)context.Database.GetDbConnection());
        command.Parameters.AddWithValue(channel.Kind.ToString());
        command.Parameters.AddWithValue(channel.ProviderId);
        command.Parameters.AddWithValue(names);
        var counts = (long[])(await command.ExecuteScalarAsync(cancellationToken))!;
        return (counts[0], counts[1]);
    }

    private static Fault Unknown(string person) =>
        Fault.NotFound("contact", person, "A contact is named by its id (con_…), or with --channel by the provider's id or the phone number.");
}
