using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Messages;

/// <summary>Writes down, for the scope's client, what a contact wrote, changed or took back. Runs inside the caller's transaction.</summary>
/// <remarks>
/// In whatever order it comes: a change of a message that has not come yet is kept as that message, without the time at which it was written,
/// and the message itself then only adds what is missing. The last change in the provider's time counts, and what was taken back stays away. So
/// does what retention or erasure emptied: then only times are noted, and nobody is met.
/// </remarks>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="conversations">Finds the conversation.</param>
/// <param name="clock">Stamps it.</param>
public sealed class RecordInbound(WaMcpDbContext context, TenantContext tenant, ConversationBook conversations, TimeProvider clock)
{
    private const string InsertSql =
        $"""
        WITH at AS ({ConversationBook.HearSql}),
        stored AS (
            INSERT INTO messages (id, client_id, channel_id, conversation_id, contact_id, direction, kind, heard, body, content, raw, state,
                                  provider_message_id, request_id, trace_parent, created_at, sent_at)
            SELECT message, $1, $2, id, $3, '{nameof(MessageDirection.Inbound)}', $9, $6, $10, $11, $12, '{nameof(MessageState.Received)}', $13, $14, $15, $8, $16 FROM at
            ON CONFLICT (client_id, channel_id, provider_message_id) WHERE provider_message_id IS NOT NULL DO NOTHING
            RETURNING id)
        SELECT id, is_first, EXISTS (SELECT FROM stored) FROM at
        """;

    private readonly HashSet<string> rings = [];

    /// <summary>For whom to ring (<see cref="InboundWatch"/>) now that the caller's transaction has committed.</summary>
    public IReadOnlyCollection<string> TakeRings()
    {
        string[] taken = [.. rings];
        rings.Clear();
        return taken;
    }

    /// <summary>What is known of a message already.</summary>
    /// <param name="IsDone">Nothing more can come of the message itself.</param>
    /// <param name="IsEmptied">Retention or erasure took out what it said.</param>
    public sealed record Known(bool IsDone, bool IsEmptied);

    /// <summary>Which messages are known, by the provider's ids.</summary>
    public async Task<IReadOnlyDictionary<string, Known>> KnownAsync(ChannelId channel, IReadOnlyCollection<string> messages, CancellationToken cancellationToken)
    {
        var found = messages.Count == 0 ? [] : await context.Messages.AsNoTracking()
            .Where(message => message.ChannelId == channel && message.ProviderMessageId != null && messages.Contains(message.ProviderMessageId))
            .Select(message => new { message.ProviderMessageId, message.Direction, message.SentAt, message.ContentRemovedAt }).ToListAsync(cancellationToken);
        return found.ToDictionary(
            row => row.ProviderMessageId!, row => new Known(row.Direction == MessageDirection.Outbound || row.SentAt is not null, row.ContentRemovedAt is not null));
    }

    /// <summary>Records one message; the same one again changes nothing.</summary>
    /// <param name="channel">Over which channel.</param>
    /// <param name="inbound">The message.</param>
    /// <param name="writer">Who wrote it; null when that is nobody's business any more.</param>
    /// <param name="requestId">Which request brought it.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <returns>Whether it was new.</returns>
    public async Task<bool> ExecuteAsync(
        ChannelId channel, InboundMessage inbound, ContactId? writer, string requestId, CancellationToken cancellationToken)
    {
        if (writer is { } contact)
        {
            // Two deliveries of the same message may be recorded side by side; the unique index decides.
            if (await InsertAsync(channel, contact, inbound, IsHeard(inbound), requestId, inbound.WrittenAt, cancellationToken))
            {
                return true;
            }
        }

        return await CompleteAsync(channel, inbound, cancellationToken);
    }

    /// <summary>Changes one message, or takes away what it says; the same again changes nothing.</summary>
    /// <param name="channel">Over which channel.</param>
    /// <param name="change">What changes.</param>
    /// <param name="writer">Who wrote it; null when the message is known.</param>
    /// <param name="requestId">Which request brought it.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <returns>Whether it changed anything.</returns>
    public async Task<bool> ExecuteAsync(
        ChannelId channel, MessageChange change, ContactId? writer, string requestId, CancellationToken cancellationToken)
    {
        var message = await context.LockAsync(channel, change.ProviderMessageId, cancellationToken);
        if (message is null && writer is { } contact)
        {
            var first = change.Edit ?? new InboundMessage(change.ProviderMessageId, change.Person, "unsupported", null, null, "{}", change.At);
            await InsertAsync(channel, contact, first, change.Edit is not null && IsHeard(first), requestId, writtenAt: null, cancellationToken);
            message = await context.LockAsync(channel, change.ProviderMessageId, cancellationToken);
        }

        if (message is not { Direction: MessageDirection.Inbound, RevokedAt: null } || (change.Edit is { } later && !IsLater(later, change.At, message)))
        {
            return false; // what the client itself sent is not a contact's to change
        }

        if (message.ContentRemovedAt is not null)
        {
            message.EditedAt = change.Edit is null ? message.EditedAt : change.At;
            message.RevokedAt = change.Edit is null ? change.At : null;
        }
        else if (change.Edit is { } edit)
        {
            message.EditedAt = change.At;
            message.Body = edit.Body;
            message.Raw = edit.Raw;
            message.Content = InboundContent.Edited(InboundContent.TryFromJson(message.Content), edit.Content).ToJson();
        }
        else
        {
            (message.RevokedAt, message.Body, message.Raw, message.Content) = (change.At, null, null, null);
        }

        await context.SaveChangesAsync(cancellationToken);
        context.ChangeTracker.Clear(); // whoever looks at it next sees what the database has
        return true;
    }

    // What the provider says about a person is not said by them, and what is said in a group opens the way into the group.
    private static bool Opens(InboundMessage inbound) => inbound.Kind != "system" && inbound.Content?.Context?.GroupId is null;

    // An emoji at a message is nothing to read or to answer.
    private static bool IsHeard(InboundMessage inbound) => Opens(inbound) && inbound.Kind != "reaction";

    // Providers tell whole seconds. Of two edits within one any may be the last, but it must be the same one in whatever order they come.
    private static bool IsLater(InboundMessage edit, DateTimeOffset at, Message message) =>
        !(message.EditedAt >= at) || (message.EditedAt == at && string.CompareOrdinal(edit.Raw, message.Raw) > 0);

    // Without the time at which it was written it is a change that came first, and opens nothing.
    private async Task<bool> InsertAsync(
        ChannelId channel, ContactId contact, InboundMessage inbound, bool isHeard, string requestId, DateTimeOffset? writtenAt, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(InsertSql, (NpgsqlConnection)context.Database.GetDbConnection());
        command.Parameters.AddWithValue(tenant.ClientId.Value);
        command.Parameters.AddWithValue(channel.Value);
        command.Parameters.AddWithValue(contact.Value);
        command.Parameters.AddWithValue(TypedId.New<ConversationId>().Value);
        command.Parameters.AddWithValue(TypedId.New<MessageId>().Value);
        command.Parameters.AddWithValue(isHeard);
        Add(Opens(inbound) ? writtenAt : null, NpgsqlDbType.TimestampTz);
        command.Parameters.AddWithValue(clock.GetUtcNow());
        command.Parameters.AddWithValue(inbound.Kind);
        Add(inbound.Body, NpgsqlDbType.Text);
        Add(inbound.Content?.ToJson(), NpgsqlDbType.Json);
        Add(inbound.Raw, NpgsqlDbType.Json);
        command.Parameters.AddWithValue(inbound.ProviderMessageId);
        command.Parameters.AddWithValue(requestId);
        Add(Activity.Current?.Id, NpgsqlDbType.Text);
        Add(writtenAt, NpgsqlDbType.TimestampTz);
        await command.PrepareAsync(cancellationToken); // planning it takes longer than running it
        var (conversation, isFirst, isNew) = await ReadAsync(command, cancellationToken);
        if (isNew && isHeard)
        {
            rings.UnionWith(InboundWatch.Keys(tenant.ClientId, channel, conversation, isFirst));
        }
        else if (isHeard)
        {
            await conversations.UnhearAsync(conversation, cancellationToken);
        }

        return isNew;

        void Add(object? value, NpgsqlDbType type) => command.Parameters.Add(new() { Value = value ?? DBNull.Value, NpgsqlDbType = type });
    }

    private static async Task<(ConversationId Conversation, bool IsFirst, bool IsNew)> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (new ConversationId(reader.GetGuid(0)), reader.GetBoolean(1), reader.GetBoolean(2));
    }

    // A change of it came first.
    private async Task<bool> CompleteAsync(ChannelId channel, InboundMessage inbound, CancellationToken cancellationToken)
    {
        var message = await context.LockAsync(channel, inbound.ProviderMessageId, cancellationToken);
        if (message is not { Direction: MessageDirection.Inbound, SentAt: null })
        {
            return false;
        }

        var content = message is { RevokedAt: null, ContentRemovedAt: null } ? InboundContent.Edited(inbound.Content, InboundContent.TryFromJson(message.Content)).ToJson() : null;
        await context.Messages.Where(row => row.Id == message.Id).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Kind, inbound.Kind).SetProperty(row => row.SentAt, (DateTimeOffset?)inbound.WrittenAt).SetProperty(row => row.Content, content),
            cancellationToken);
        context.ChangeTracker.Clear();
        return true;
    }
}
