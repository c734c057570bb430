using System.Diagnostics;
using Npgsql;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Tenancy;
using WaMcp.Worker.Jobs;

namespace WaMcp.Worker.Deliveries;

/// <summary>
/// Messages from accepted to settled: claimed in batches, taken in batches (durable before anything leaves), handed over side by side, settled
/// in batches of whatever is finished. Each batch is one client's. A crash between the first and the last step leaves messages in
/// <c>sending</c>; whoever finds one there makes it <c>unknown</c> and never sends it again: the provider's status settles it.
/// </summary>
/// <param name="claims">Claims the jobs.</param>
/// <param name="queue">Where jobs go back to.</param>
/// <param name="services">A scope for each batch.</param>
/// <param name="slots">When each may leave.</param>
/// <param name="handOver">Hands each over.</param>
/// <param name="uploads">Places for files that have to be with the provider first.</param>
/// <param name="failures">For jobs that failed.</param>
/// <param name="clock">For the pauses while the database is away.</param>
/// <param name="logger">For what could not be learnt.</param>
internal sealed partial class DeliveryLoop(
    ClaimLoop claims,
    JobQueue queue,
    IServiceScopeFactory services,
    SendSlots slots,
    HandOver handOver,
    UploadSlots uploads,
    JobFailures failures,
    TimeProvider clock,
    ILogger<DeliveryLoop> logger)
    : BackgroundService
{
    // Well within a lease.
    private static readonly TimeSpan[] RecordSchedule =
        [TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(0.8), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5)];

    // More would make smaller batches, each of which costs nearly as much as a large one.
    private const int Lanes = 1;
    private const int ClientsAtOnce = 4;
    private const int AloneAtOnce = 8;

    /// <summary>How long writing down the outcome may take; a lease has to be longer than this and the provider's answer.</summary>
    public static readonly TimeSpan RecordTime = TimeSpan.FromSeconds(RecordSchedule.Sum(pause => pause.TotalSeconds));

    private readonly Batches<Delivery> claimed = new(Lanes);
    private readonly Batches<Sent> sent = new(Lanes);
    private readonly SemaphoreSlim alone = new(AloneAtOnce);
    private readonly CancellationTokenSource stopping = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var stop = stoppingToken.Register(stopping.Cancel);
        var taking = claimed.RunAsync(batch => stoppingToken.IsCancellationRequested
            ? PutBackAsync(batch, TimeSpan.Zero, null)
            : EachClientAsync(batch, delivery => delivery.Job.ClientId, TakeAsync));
        var settling = sent.RunAsync(batch => EachClientAsync(batch, each => each.Sending.Delivery.Job.ClientId, SettleAsync));
        var pacing = slots.RunAsync();
        await claims.RunAsync(Start, stoppingToken);
        claimed.Complete();
        slots.Complete();
        sent.Complete();
        await Task.WhenAll(taking, pacing, settling);
    }

    private void Start(IReadOnlyList<Job> jobs)
    {
        foreach (var job in jobs)
        {
            var delivery = new Delivery(job, slots.After(job.Slot));
            if (job.Slot <= SendSlots.Lead)
            {
                claimed.Add(delivery);
            }
            else
            {
                _ = StartLaterAsync(delivery);
            }
        }
    }

    private async Task StartLaterAsync(Delivery delivery)
    {
        try
        {
            await slots.WaitToTakeAsync(delivery, stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // Then it goes back with those that are not taken.
        }

        claimed.Add(delivery);
    }

    // A scope, and so a transaction, has one tenant.
    private static Task EachClientAsync<T>(IReadOnlyList<T> batch, Func<T, ClientId?> client, Func<ClientId?, IReadOnlyList<T>, Task> work) =>
        Parallel.ForEachAsync(
            batch.GroupBy(client),
            new ParallelOptions { MaxDegreeOfParallelism = ClientsAtOnce },
            async (ofClient, _) => await work(ofClient.Key, [.. ofClient]));

    private Task TakeAsync(ClientId? client, IReadOnlyList<Delivery> batch) => PatientlyAsync(batch, each => each, TakeOnceAsync(client));

    private Task SettleAsync(ClientId? client, IReadOnlyList<Sent> batch) =>
        PatientlyAsync(batch, each => each.Sending.Delivery, (piece, _) => SettleOnceAsync(client, piece));

    private Func<IReadOnlyList<Delivery>, HashSet<JobId>, Task> TakeOnceAsync(ClientId? client) => async (batch, inDoubt) =>
    {
        TakeMessages.Taken taken;
        try
        {
            taken = await InScopeAsync(client, (TakeMessages take) => take.ExecuteAsync(batch, inDoubt, CancellationToken.None));
        }
        catch (CommitInDoubtException exception)
        {
            inDoubt.UnionWith(exception.Jobs);
            throw;
        }

        foreach (var sending in taken.Sendings)
        {
            _ = Task.Run(() => HandOverAsync(sending));
        }

        End(taken.Ended, taken.Lost);
        await UploadAsync(taken.Unready);
        foreach (var busy in taken.Busy)
        {
            Alone(busy, each => each, TakeOnceAsync(client));
        }
    };

    private async Task UploadAsync(IReadOnlyList<Unready> unready)
    {
        var later = new List<Delivery>();
        foreach (var each in unready)
        {
            if (uploads.TryTake(each))
            {
                _ = Task.Run(() => UploadAsync(each));
            }
            else
            {
                later.Add(each.Delivery);
            }
        }

        if (later.Count > 0)
        {
            await PutBackAsync(later, UploadMedia.Wait, UploadMedia.Waiting);
        }
    }

    // The message stays queued all the while: a worker that dies here leaves nothing in doubt.
    private async Task UploadAsync(Unready unready)
    {
        Activity.Current = unready.Delivery.Span;
        try
        {
            await InScopeAsync(unready.Delivery.Job.ClientId, (UploadMedia step) => step.ExecuteAsync(unready, stopping.Token));
            End([unready.Delivery], []);
        }
        catch (LeaseLostException)
        {
            End([], [unready.Delivery]);
        }
        catch (Exception exception)
        {
            await FailAsync(unready.Delivery, exception);
        }
        finally
        {
            uploads.Free(unready);
        }
    }

    private async Task HandOverAsync(Sending sending)
    {
        Activity.Current = sending.Delivery.Span;
        try
        {
            var outcome = await slots.SendAsync(sending.Delivery, () => handOver.ExecuteAsync(sending, CancellationToken.None));
            sent.Add(new(sending, outcome));
        }
        catch (Exception exception)
        {
            await FailAsync(sending.Delivery, exception);
        }
    }

    private async Task SettleOnceAsync(ClientId? client, IReadOnlyList<Sent> batch) => await InScopeAsync(client, async (SettleMessages settle) =>
    {
        var settled = await settle.ExecuteAsync(batch, CancellationToken.None);
        End(settled.Ended.Select(each => each.Sending.Delivery), settled.Lost.Select(each => each.Sending.Delivery));
        foreach (var busy in settled.Busy)
        {
            Alone(busy, each => each.Sending.Delivery, (piece, _) => SettleOnceAsync(client, piece));
        }

        try
        {
            await settle.LearnAsync(settled.Ended, CancellationToken.None);
        }
        catch (Exception exception)
        {
            LogNotLearnt(exception);
        }

        return settled;
    });

    // A batch that fails is done again in halves, so that a bad one costs nobody else. What was or was not sent is known only here, so a database
    // that is away is waited for: until it is back, and then the jobs are still ours or somebody else's.
    private async Task PatientlyAsync<T>(
        IReadOnlyList<T> batch, Func<T, Delivery> delivery, Func<IReadOnlyList<T>, HashSet<JobId>, Task> work, HashSet<JobId>? inDoubt = null)
    {
        inDoubt ??= [];
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await work(batch, inDoubt);
                return;
            }
            catch (Exception exception) when (IsAway(exception))
            {
                await Task.Delay(PauseAfter(attempt), clock);
            }
            catch (Exception)
            {
                foreach (var piece in batch.Chunk(Math.Max(1, batch.Count / 2)))
                {
                    if (piece.Length > 1)
                    {
                        await PatientlyAsync(piece, delivery, work, inDoubt);
                    }
                    else
                    {
                        Alone(piece[0], delivery, work, [.. inDoubt]);
                    }
                }

                return;
            }
        }
    }

    // By itself and beside the batches: it may have to wait, or fail again.
    private void Alone<T>(T single, Func<T, Delivery> delivery, Func<IReadOnlyList<T>, HashSet<JobId>, Task> work, HashSet<JobId>? inDoubt = null) => _ = Task.Run(async () =>
    {
        inDoubt ??= [];
        for (var attempt = 0; ; attempt++)
        {
            await alone.WaitAsync();
            try
            {
                await work([single], inDoubt);
                return;
            }
            catch (Exception exception) when (!IsAway(exception) && attempt >= RecordSchedule.Length)
            {
                await FailAsync(delivery(single), exception);
                return;
            }
            catch (Exception)
            {
                // Tried again after the pause.
            }
            finally
            {
                alone.Release();
            }

            await Task.Delay(PauseAfter(attempt), clock);
        }
    });

    private static TimeSpan PauseAfter(int attempt) => RecordSchedule[Math.Min(attempt, RecordSchedule.Length - 1)];

    private async Task PutBackAsync(IReadOnlyList<Delivery> batch, TimeSpan delay, string? reason)
    {
        try
        {
            await queue.PutBackAsync([.. batch.Select(delivery => delivery.Job)], delay, reason, CancellationToken.None);
        }
        catch (Exception exception)
        {
            LogNotPutBack(exception, batch.Count);
        }

        End(batch, []);
    }

    private async Task<TResult> InScopeAsync<TStep, TResult>(ClientId? client, Func<TStep, Task<TResult>> run)
        where TStep : notnull
    {
        await using var scope = services.CreateAsyncScope();
        if (client is { } tenant)
        {
            scope.ServiceProvider.GetRequiredService<TenantContext>().Set(tenant);
        }

        return await run(scope.ServiceProvider.GetRequiredService<TStep>());
    }

    private void End(IEnumerable<Delivery> ended, IEnumerable<Delivery> lost)
    {
        foreach (var delivery in ended)
        {
            delivery.End("ok");
            claims.Release(delivery.Job);
        }

        foreach (var delivery in lost)
        {
            failures.LeaseLost(delivery.Job);
            delivery.End("lease_lost", "Another worker has it.");
            claims.Release(delivery.Job);
        }
    }

    private async Task FailAsync(Delivery delivery, Exception exception)
    {
        await failures.PutOffAsync(delivery.Job, exception);
        delivery.End("error", exception.GetType().Name);
        claims.Release(delivery.Job);
    }

    // Then smaller pieces would fail as well. Entity Framework wraps what it takes for transient, and we wrap a commit in doubt.
    private static bool IsAway(Exception exception) => exception switch
    {
        PostgresException { SqlState: ['0', '8', ..] or ['5', '3', ..] or ['5', '7', 'P', ..] } => true,
        PostgresException => false,
        NpgsqlException => true,
        _ => exception.InnerException is { } inner && IsAway(inner),
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "Ids that the provider told for people were not noted; the next message tells them again.")]
    private partial void LogNotLearnt(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} jobs could not be put back; they come back when their lease runs out.")]
    private partial void LogNotPutBack(Exception exception, int count);
}
