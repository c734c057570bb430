using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace WaMcp.Domain.Audit;

/// <summary>
/// The process's queue of audit rows: flushed every 500 ms or 100 rows, whichever comes first, with whatever else is queued by then, and
/// drained on shutdown. The rows of sends do not come this way: they are written in the send's own transaction.
/// </summary>
/// <remarks>
/// While Postgres is away the rows wait here, bounded by <see cref="AuditOptions.QueueRows"/>, and the requests go on. The batch that could
/// not be written is tried again under the same nonce, so that one whose commit was in doubt is there once. What finds no room is lost: it
/// is counted (<c>wamcp.audit.failed</c>), logged as an error, and told in the log itself by a row <c>audit_gap</c>. The first and the last batch of a
/// process are there even without rows: a process that has no closing batch was killed or is still running.
/// </remarks>
/// <param name="database">Where to, as wa_app: it may insert and read, nothing else.</param>
/// <param name="options">How much may wait.</param>
/// <param name="clock">For the flush interval.</param>
/// <param name="logger">For outages and gaps.</param>
public sealed partial class AuditLog(NpgsqlDataSource database, IOptions<AuditOptions> options, TimeProvider clock, ILogger<AuditLog> logger)
    : BackgroundService
{
    private const int FlushRows = 100;
    private const int MaxBatch = 5_000;
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WritePatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestWritePatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly Channel<DigestedRow> queue = Channel.CreateBounded<DigestedRow>(
        new BoundedChannelOptions(options.Value.QueueRows) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Guid writer = Guid.CreateVersion7();
    private readonly AuditGap gap = new();
    private readonly CancellationTokenSource end = new();
    private volatile bool isAway;

    /// <summary>Hands a row over.</summary>
    public ValueTask WriteAsync(AuditRecord record)
    {
        // Now rather than when it is written: what waits in the queue is small, whatever a caller sent, and the one writer has the less to do.
        var row = DigestedRow.Of(record);
        if (!queue.Writer.TryWrite(row))
        {
            return WaitAsync(row);
        }

        WaMcpTelemetry.AuditQueued(1);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Writer.TryComplete();
        end.CancelAfter(options.Value.DrainLimit);
        if (ExecuteTask is { } draining)
        {
            // Not by the host's patience, which others may have used up: draining has its own limit.
            await draining.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        end.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not the stopping token: what was accepted is written, and completion of the queue ends the loop.
        await StoreAsync([]);
        var batch = new List<DigestedRow>(MaxBatch);
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            await CollectAsync(batch);
            await StoreAsync(batch);
            WaMcpTelemetry.AuditQueued(-batch.Count);
            batch.Clear();
            if (!end.IsCancellationRequested && TakeGap() is { } lost)
            {
                await StoreAsync([lost]);
            }
        }

        await StoreAsync(TakeGap() is { } last ? [last] : [], closing: true);
    }

    private async Task CollectAsync(List<DigestedRow> batch)
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

    private void TakeQueued(List<DigestedRow> batch)
    {
        while (batch.Count < MaxBatch && queue.Reader.TryRead(out var row))
        {
            batch.Add(row);
        }
    }

    private async ValueTask WaitAsync(DigestedRow row)
    {
        // A queue that is full for the moment is worth waiting for; one that nobody empties is not.
        using var patience = new CancellationTokenSource(isAway ? TimeSpan.Zero : Patience, clock);
        try
        {
            await queue.Writer.WriteAsync(row, patience.Token);
            WaMcpTelemetry.AuditQueued(1);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException)
        {
            Lose(1);
        }
    }

    private async Task StoreAsync(List<DigestedRow> rows, bool closing = false)
    {
        var nonce = Guid.CreateVersion7();
        // Longer and longer: a Postgres that is only slow must not be asked for the same in vain for ever.
        var patience = WritePatience;
        for (var pause = FirstPause; ; pause = Twice(pause, LongestPause), patience = Twice(patience, LongestWritePatience))
        {
            try
            {
                await WriteAsync(rows, nonce, closing, patience);
                return;
            }
            catch (Exception exception) when (IsOfTheRows(exception))
            {
                await StoreOneByOneAsync(rows, exception);
                return;
            }
            catch (Exception exception) when (!end.IsCancellationRequested)
            {
                GoesAway(exception);
            }
            catch (Exception)
            {
                Lose(rows.Count(row => row.Row.Action != AuditAction.AuditGap)); // it had its time to stop
                return;
            }

            await Task.Delay(pause, clock, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static TimeSpan Twice(TimeSpan time, TimeSpan longest) => TimeSpan.FromTicks(Math.Min(2 * time.Ticks, longest.Ticks));

    private async Task WriteAsync(List<DigestedRow> rows, Guid nonce, bool closing, TimeSpan patience)
    {
        var started = clock.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(end.Token);
        limit.CancelAfter(patience);
        try
        {
            await using var connection = await database.OpenConnectionAsync(limit.Token);
            await AuditTable.WriteAsync(connection, rows, nonce, writer, closing, limit.Token);
        }
        catch (PostgresException refusal) when (refusal.ConstraintName == "audit_batches_nonce_key")
        {
            // The time before, its commit was in doubt; it had happened.
        }

        WaMcpTelemetry.AuditWritten(rows.Count);
        WaMcpTelemetry.AuditFlushed(clock.GetElapsedTime(started));
        if (isAway)
        {
            isAway = false;
            LogBack();
        }
    }

    // Postgres refused the batch for one row in it: that row must not cost the others.
    private async Task StoreOneByOneAsync(List<DigestedRow> rows, Exception refusal)
    {
        if (rows is [_])
        {
            LogRefused((refusal as PostgresException)?.SqlState ?? refusal.GetType().Name);
            Lose(1);
            return;
        }

        foreach (var row in rows)
        {
            await StoreAsync([row]);
        }
    }

    // Data exceptions, broken constraints, limits; everything that does not come from the connection. All else passes, and the rows can wait.
    private static bool IsOfTheRows(Exception exception) => exception is PostgresException { SqlState: ['2', '2' or '3', ..] or ['5', '4', ..] }
        || exception is not (NpgsqlException or SocketException or IOException or TimeoutException or OperationCanceledException or ObjectDisposedException);

    private void GoesAway(Exception exception)
    {
        if (!isAway)
        {
            isAway = true;
            LogAway(exception, options.Value.QueueRows);
        }
    }

    private void Lose(int rows)
    {
        WaMcpTelemetry.AuditFailed(rows);
        if (rows > 0 && gap.Add(rows, clock.GetUtcNow()))
        {
            LogLosing();
        }
    }

    private DigestedRow? TakeGap()
    {
        if (gap.Take(clock.GetUtcNow(), writer) is not { } lost)
        {
            return null;
        }

        LogGap(lost.Rows);
        return DigestedRow.Of(lost.Row);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Audit rows cannot be written. Up to {Rows} wait in memory.")]
    private partial void LogAway(Exception exception, int rows);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Audit rows are written again.")]
    private partial void LogBack();

    [LoggerMessage(Level = LogLevel.Error, Message = "An audit row was refused ({Reason}).")]
    private partial void LogRefused(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Audit rows are being lost.")]
    private partial void LogLosing();

    [LoggerMessage(Level = LogLevel.Error, Message = "{Rows} audit rows are lost.")]
    private partial void LogGap(int rows);
}
