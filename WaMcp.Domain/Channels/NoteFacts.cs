using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Channels;

/// <summary>Notes what a provider tells operators about channels. Runs inside the caller's transaction.</summary>
/// <param name="context">The database.</param>
/// <param name="clock">Stamps it.</param>
public sealed class NoteFacts(WaMcpDbContext context, TimeProvider clock)
{
    /// <summary>Notes one fact; the same one told again is there already.</summary>
    /// <param name="channels">About which channels.</param>
    /// <param name="fact">What.</param>
    /// <param name="receivedAt">When it came; counts when the provider does not say when it happened.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    public async Task ExecuteAsync(
        IReadOnlyCollection<ChannelId> channels, ProviderFact fact, DateTimeOffset receivedAt, CancellationToken cancellationToken)
    {
        foreach (var channel in channels)
        {
            var (id, now) = (Guid.CreateVersion7(clock.GetUtcNow()), clock.GetUtcNow());
            await context.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO channel_facts (id, channel_id, kind, payload, digest, told_at, created_at)
                VALUES ({id}, {channel.Value}, {fact.Kind}, {fact.Payload}::json, {fact.Digest}, {fact.At ?? receivedAt}, {now})
                ON CONFLICT (channel_id, digest) DO UPDATE SET told_at = greatest(channel_facts.told_at, excluded.told_at)
                """,
                cancellationToken);
        }
    }
}
