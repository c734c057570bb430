using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace WaMcp.Domain.Audit;

/// <summary>
/// The process's queue of audit rows: flushed every 500 ms or 100 rows, whichever comes first, with whatever else is queued by then, and
/// drained on shutdown. The rows of sends do not come this way: they are written in the send's own transaction.
/// </summary>
/// <remarks>
/// A row that cannot be written is logged as an error and counted, and the request goes on: the gap is itself an alert
/// (<c>wamcp.audit.failed</c>). The queue is bounded; when it is full, callers wait a
/// second for room before they leave a gap.
/// </remarks>
/// <param name="database">Where to, as wa_app: it may insert and read, nothing else.</param>
/// <param name="clock">For the flush interval.</param>
/// <param name="logger">For gaps.</param>
public sealed partial class AuditLog(NpgsqlDataSource database, TimeProvider clock, ILogger<AuditLog> logger) : BackgroundService
{
    private const int FlushRows = 100;
    private const int MaxBatch = 5_000;
    private const int Capacity = 50_000;
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Channel<AuditRecord> queue =
        Channel.CreateBounded<AuditRecord>(new BoundedChannelOptions(Capacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    /// <summary>Hands a row over.</summary>
    public ValueTask WriteAsync(AuditRecord record) => queue.Writer.TryWrite(record) ? ValueTask.CompletedTask : WaitAsync(record);

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Writer.TryComplete();
        if (ExecuteTask is { } draining)
        {
            await draining.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not the stopping token: what was accepted is written, and completion of the queue ends the loop.
        var batch = new List<AuditRecord>(MaxBatch);
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            await CollectAsync(batch);
            await FlushAsync(batch);
            batch.Clear();
        }
    }

    private async Task CollectAsync(List<AuditRecord> batch)
    {
        TakeQueued(batch);
        if (batch.Count >= FlushRows)
        {
            return;
        }

        using var interval = new CancellationTokenSource(FlushInterval, clock);
        try
        {
            while (batch.Count < FlushRows && await queue.Reader.WaitToReadAsync(interval.Token))
            {
                TakeQueued(batch);
            }
        }
        catch (OperationCanceledException)
        {
            // The interval is over: write what there is.
        }
    }

    private void TakeQueued(List<AuditRecord> batch)
    {
        while (batch.Count < MaxBatch && queue.Reader.TryRead(out var record))
        {
            batch.Add(record);
        }
    }

    private async ValueTask WaitAsync(AuditRecord record)
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience, clock);
            await queue.Writer.WriteAsync(record, patience.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException)
        {
            WaMcpTelemetry.AuditFailed(1);
            LogGap(exception, 1);
        }
    }

    private async Task FlushAsync(List<AuditRecord> batch)
    {
        try
        {
            await StoreAsync(batch);
        }
        catch (PostgresException) when (batch.Count > 1)
        {
            // Postgres refused the batch for one row in it: that row must not cost the others.
            foreach (var record in batch)
            {
                await FlushAsync([record]);
            }
        }
        catch (Exception exception)
        {
            WaMcpTelemetry.AuditFailed(batch.Count);
            LogGap(exception, batch.Count);
        }
    }

    private async Task StoreAsync(List<AuditRecord> batch)
    {
        await using var connection = await database.OpenConnectionAsync();
        await AuditTable.WriteAsync(connection, batch, CancellationToken.None);
        WaMcpTelemetry.AuditWritten(batch.Count);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Rows} audit rows could not be written and are lost.")]
    private partial void LogGap(Exception exception, int rows);
}
