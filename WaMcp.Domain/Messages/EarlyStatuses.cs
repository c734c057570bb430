using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Messages;

/// <summary>Statuses that come before their message's provider id is written down. One with our own id in it finds the message without that.</summary>
/// <remarks>Applied as soon as the id is written, and looked for every minute besides: the two may miss each other, or a worker stop in between.</remarks>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="record">Applies them.</param>
/// <param name="clock">Stamps them.</param>
public sealed class EarlyStatuses(WaMcpDbContext context, TenantContext tenant, RecordStatus record, TimeProvider clock)
{
    /// <summary>How long they wait. Most are of messages that somebody else sent over the number.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(7);

    private const int Most = 500;

    private static readonly JsonSerializerOptions Format = new() { Converters = { new JsonStringEnumConverter() } };

    /// <summary>Keeps statuses, inside the caller's transaction; the same again changes nothing. The last that a transaction does.</summary>
    public async Task KeepAsync(ChannelId channel, IEnumerable<StatusUpdate> statuses, CancellationToken cancellationToken)
    {
        var (client, now) = (tenant.ClientId.Value, clock.GetUtcNow());
        var inOrder = statuses.OrderBy(status => status.ProviderMessageId, StringComparer.Ordinal).ThenBy(status => status.State);
        foreach (var status in inOrder)
        {
            var document = JsonSerializer.Serialize(status with { Person = null, MessageId = null }, Format);
            await context.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO early_statuses (id, client_id, channel_id, provider_message_id, state, document, created_at)
                VALUES ({Guid.CreateVersion7(now)}, {client}, {channel.Value}, {status.ProviderMessageId}, {status.State.ToString()}, {document}::json, {now})
                ON CONFLICT (client_id, channel_id, provider_message_id, state) DO NOTHING
                """,
                cancellationToken);
        }
    }

    /// <summary>Applies those whose messages are known by now, in a transaction of its own.</summary>
    /// <param name="messages">The provider's ids of messages that have just become known; null for all.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    public async Task ApplyAsync(IReadOnlyCollection<string>? messages, CancellationToken cancellationToken)
    {
        var waiting = context.EarlyStatuses.AsNoTracking().Where(early => context.Messages.Any(message => message.ChannelId == early.ChannelId
            && message.ProviderMessageId == early.ProviderMessageId && message.Direction == MessageDirection.Outbound));
        waiting = messages is null ? waiting : waiting.Where(early => messages.Contains(early.ProviderMessageId));
        var found = await waiting.OrderBy(early => early.CreatedAt).Take(Most).ToListAsync(cancellationToken);
        foreach (var ofChannel in found.GroupBy(early => early.ChannelId))
        {
            await Collision.RetryAsync(context, () => ApplyAsync(ofChannel.Key, [.. ofChannel], cancellationToken));
        }
    }

    private async Task<int> ApplyAsync(ChannelId channel, IReadOnlyCollection<EarlyStatus> early, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var statuses = early.Select(row => JsonSerializer.Deserialize<StatusUpdate>(row.Document, Format)!).OrderBy(status => status.State).ToList();
        var applied = await record.ExecuteAsync(channel, statuses, cancellationToken);
        List<Guid> ids = [.. early.Select(row => row.Id)];
        await context.EarlyStatuses.Where(row => ids.Contains(row.Id)).ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return applied;
    }
}
