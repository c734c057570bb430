using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;

namespace WaMcp.Domain.Inbox;

/// <summary>
/// Stores deliveries of providers: one commit for whatever is waiting just then (group commit, no timer), and nobody is told that a
/// delivery was accepted before that commit. Each event comes with its first job, in the same statement.
/// </summary>
/// <param name="database">As wa_app.</param>
/// <param name="options">How many in a commit.</param>
/// <param name="clock">Stamps the events.</param>
/// <param name="logger">For batches that could not be stored.</param>
public sealed partial class WebhookInbox(NpgsqlDataSource database, IOptions<InboxOptions> options, TimeProvider clock, ILogger<WebhookInbox> logger)
    : BackgroundService
{
    private const int MaxBatchBytes = 16 * 1024 * 1024;
    private const int Capacity = 2_000;

    // Of all that wait: while the database is slow, the provider keeps the rest, not our memory.
    private const long MaxWaitingBytes = 128L * 1024 * 1024;

    private const string StoreSql =
        """
        WITH event AS (
            INSERT INTO webhook_events (id, provider, body, request_id, received_at, signer)
            SELECT id, provider, body, request_id, received_at, signer
            FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[], $5::timestamptz[], $9::bytea[])
                AS new (id, provider, body, request_id, received_at, signer))
        INSERT INTO jobs (id, kind, subject_id, run_at, trace_parent)
        SELECT job, $8, event, now(), trace FROM unnest($6::uuid[], $1::uuid[], $7::text[]) AS new (job, event, trace)
        """;

    private long waitingBytes;

    private readonly Channel<Waiting> queue =
        System.Threading.Channels.Channel.CreateBounded<Waiting>(new BoundedChannelOptions(Capacity) { SingleReader = options.Value.Writers == 1 });

    /// <summary>Stores one delivery and returns when it is durable.</summary>
    /// <param name="provider">Whose.</param>
    /// <param name="body">The raw bytes, verified.</param>
    /// <param name="signer">Digest of the BYOA app secret that fits; null for the platform's.</param>
    /// <param name="requestId">The request it came in.</param>
    /// <param name="cancellationToken">Gives up waiting; the delivery may be stored all the same, which does no harm.</param>
    /// <exception cref="Fault"><c>unavailable</c>: it could not be stored, the provider should try again.</exception>
    public async Task<WebhookEventId> StoreAsync(
        ChannelKind provider, byte[] body, byte[]? signer, string requestId, CancellationToken cancellationToken)
    {
        var waiting = new Waiting(TypedId.New<WebhookEventId>(), provider, body, signer, requestId, clock.GetUtcNow(), Activity.Current?.Id);
        await EnqueueAsync(waiting, cancellationToken);
        await waiting.Stored.Task.WaitAsync(cancellationToken);
        return waiting.Id;
    }

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
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, options.Value.Writers).Select(_ => StoreWaitingAsync()));

    private async Task StoreWaitingAsync()
    {
        var batch = new List<Waiting>(options.Value.MaxBatch);
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var bytes = 0;
            while (batch.Count < options.Value.MaxBatch && bytes < MaxBatchBytes && queue.Reader.TryRead(out var next))
            {
                batch.Add(next);
                bytes += next.Body.Length;
            }

            if (batch.Count > 0) // another writer may have been quicker
            {
                await StoreBatchAsync(batch);
                batch.Clear();
            }
        }
    }

    private async Task EnqueueAsync(Waiting waiting, CancellationToken cancellationToken)
    {
        if (Interlocked.Add(ref waitingBytes, waiting.Body.Length) > MaxWaitingBytes)
        {
            Leave(waiting);
            throw NotStored(null);
        }

        try
        {
            await queue.Writer.WriteAsync(waiting, cancellationToken);
        }
        catch (Exception)
        {
            Leave(waiting);
            throw;
        }
    }

    private void Leave(Waiting waiting) => Interlocked.Add(ref waitingBytes, -waiting.Body.Length);

    private static Fault NotStored(Exception? inner) => new(FaultCode.Unavailable, "The delivery could not be stored. Deliver it again.", inner: inner);

    private async Task StoreBatchAsync(List<Waiting> batch)
    {
        try
        {
            await InsertAsync(batch);
            batch.ForEach(waiting => waiting.Stored.TrySetResult());
        }
        catch (Exception exception)
        {
            LogNotStored(exception, batch.Count);
            var fault = NotStored(exception);
            batch.ForEach(waiting => waiting.Stored.TrySetException(fault));
        }
        finally
        {
            batch.ForEach(Leave);
        }
    }

    private async Task InsertAsync(List<Waiting> batch)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var commands = new NpgsqlBatch(connection);
        commands.BatchCommands.Add(new(StoreSql)
        {
            Parameters =
            {
                new() { Value = batch.ConvertAll(waiting => waiting.Id.Value) },
                new() { Value = batch.ConvertAll(waiting => waiting.Provider.ToString()) },
                new() { Value = batch.ConvertAll(waiting => waiting.Body) },
                new() { Value = batch.ConvertAll(waiting => waiting.RequestId) },
                new() { Value = batch.ConvertAll(waiting => waiting.ReceivedAt) },
                new() { Value = batch.ConvertAll(_ => TypedId.New<JobId>().Value) },
                new() { Value = batch.ConvertAll(waiting => waiting.TraceParent), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
                new() { Value = nameof(JobKind.FanOut) },
                new() { Value = batch.ConvertAll(waiting => waiting.Signer), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea },
            },
        });
        commands.BatchCommands.Add(JobQueue.Wake(JobKind.FanOut));
        await commands.ExecuteNonQueryAsync();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} webhook deliveries could not be stored; the provider was told to try again.")]
    private partial void LogNotStored(Exception exception, int count);

    private sealed record Waiting(
        WebhookEventId Id,
        ChannelKind Provider,
        byte[] Body,
        byte[]? Signer,
        string RequestId,
        DateTimeOffset ReceivedAt,
        string? TraceParent)
    {
        // Continuations run elsewhere: the single writer must not run the requests it wakes.
        public TaskCompletionSource Stored { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
