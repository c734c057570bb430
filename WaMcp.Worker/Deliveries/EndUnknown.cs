using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;

namespace WaMcp.Worker.Deliveries;

/// <summary>
/// Ends one client's messages whose outcome was never confirmed, as failed. Never sends them again. A status that comes even later stamps its
/// time and its price on the message; it stays failed.
/// </summary>
/// <param name="context">The client's data.</param>
/// <param name="clock">Stamps them.</param>
internal sealed class EndUnknown(WaMcpDbContext context, TimeProvider clock)
{
    private const int BatchRows = 500;

    /// <summary>Ends those that have been unknown since before a time.</summary>
    /// <returns>How many.</returns>
    public async Task<int> ExecuteAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var ended = 0;
        List<Message> batch;
        do
        {
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            // Whatever is locked has its status coming just now.
            batch = await context.Messages
                .FromSql(
                    $"""
                    SELECT * FROM messages WHERE state = 'Unknown' AND unknown_at < {before} ORDER BY unknown_at LIMIT {BatchRows} FOR UPDATE SKIP LOCKED
                    """)
                .AsNoTracking().ToListAsync(cancellationToken);
            var ledger = new Ledger(clock.GetUtcNow());
            foreach (var message in batch)
            {
                ledger.Fail(message, "unknown_outcome", "The provider never confirmed it. It may or may not have been sent, and is not sent again.");
                ledger.Keep(message);
            }

            await ledger.WriteAsync((NpgsqlConnection)context.Database.GetDbConnection(), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            ended += batch.Count;
        }
        while (batch.Count == BatchRows);

        return ended;
    }
}
