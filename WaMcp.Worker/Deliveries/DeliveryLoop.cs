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
/// <param name="failures">For jobs that failed.</param>
/// <param name="clock">For the pauses while the database is away.</param>
/// <param name="logger">For what could not be learnt.</param>
internal sealed partial class DeliveryLoop(
    ClaimLoop claims, JobQueue queue, IServiceScopeFactory services, JobFailures failures, TimeProvider clock, ILogger<DeliveryLoop> logger)
    : BackgroundService
{
    // Well within a lease.
    private static readonly TimeSpan[] RecordSchedule =
        [TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(0.8), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5)];

    // More would make smaller batches, each of which costs nearly as much as a large one.
    private const int Lanes = 1;
    private const int ClientsAtOnce = 4;

    /// <summary>How long writing down the outcome may take; a lease has to be longer than this and the provider's answer.</summary>
    public static readonly TimeSpan RecordTime = TimeSpan.FromSeconds(RecordSchedule.Sum(pause => pause.TotalSeconds));

    private readonly Batches<Delivery> claimed = new(Lanes);
    private readonly Batches<Sent> sent = new(Lanes);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var taking = claimed.RunAsync(batch => stoppingToken.IsCancellationRequested
            ? PutBackAsync(batch)
            : EachClientAsync(batch, delivery => delivery.Job.ClientId, TakeAsync));
        var settling = sent.RunAsync(batch => EachClientAsync(batch, each => each.Sending.Delivery.Job.ClientId, SettleAsync));
        await claims.RunAsync(Start, stoppingToken);
        claimed.Complete();
        sent.Complete();
        await Task.WhenAll(taking, settling);
    }

    private void Start(IReadOnlyList<Job> jobs)
    {
        foreach (var job in jobs)
        {
            claimed.Add(new Delivery(job));
        }
    }

    // A scope, and so a transaction, has one tenant.
    private static Task EachClientAsync<T>(IReadOnlyList<T> batch, Func<T, ClientId?> client, Func<ClientId?, IReadOnlyList<T>, Task> work) =>
        Parallel.ForEachAsync(
            batch.GroupBy(client),
            new ParallelOptions { MaxDegreeOfParallelism = ClientsAtOnce },
            async (ofClient, _) => await work(ofClient.Key, [.. ofClient]));

    private async Task TakeAsync(ClientId? client, IReadOnlyList<Delivery> batch)
    {
        try
        {
            var taken = await InScopeAsync(client, (TakeMessages take) => take.ExecuteAsync(batch, CancellationToken.None));
            foreach (var sending in taken.Sendings)
            {
                _ = Task.Run(() => HandOverAsync(sending));
            }

            foreach (var unready in taken.Unready)
            {
                _ = Task.Run(() => UploadAsync(unready));
            }

            End(taken.Ended, taken.Lost);
            foreach (var busy in taken.Busy)
            {
                _ = Task.Run(() => TakeAsync(client, [busy]));
            }
        }
        catch (Exception exception) when (batch.Count > 1 && !IsAway(exception))
        {
            await InHalvesAsync(client, batch, TakeAsync); // a bad one costs nobody else
        }
        catch (Exception exception)
        {
            foreach (var delivery in batch)
            {
                await FailAsync(delivery, exception);
            }
        }
    }

    // The message stays queued all the while: a worker that dies here leaves nothing in doubt.
    private async Task UploadAsync(Unready unready)
    {
        Activity.Current = unready.Delivery.Span;
        try
        {
            await InScopeAsync(unready.Delivery.Job.ClientId, (UploadMedia step) => step.ExecuteAsync(unready, CancellationToken.None));
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
    }

    private async Task HandOverAsync(Sending sending)
    {
        Activity.Current = sending.Delivery.Span;
        try
        {
            var outcome = await InScopeAsync(sending.Delivery.Job.ClientId, (HandOver step) => step.ExecuteAsync(sending, CancellationToken.None));
            sent.Add(new(sending, outcome));
        }
        catch (Exception exception)
        {
            await FailAsync(sending.Delivery, exception);
        }
    }

    // The outcome is known only here: a database that is away for a moment must not turn it into an unknown one.
    private async Task SettleAsync(ClientId? client, IReadOnlyList<Sent> batch)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await SettleOnceAsync(client, batch);
                return;
            }
            catch (Exception exception) when (batch.Count > 1 && !IsAway(exception))
            {
                await InHalvesAsync(client, batch, SettleAsync);
                return;
            }
            catch (Exception) when (attempt < RecordSchedule.Length)
            {
                await Task.Delay(RecordSchedule[attempt], clock);
            }
            catch (Exception exception)
            {
                foreach (var each in batch)
                {
                    await FailAsync(each.Sending.Delivery, exception);
                }

                return;
            }
        }
    }

    private Task SettleOnceAsync(ClientId? client, IReadOnlyList<Sent> batch) => InScopeAsync(client, async (SettleMessages settle) =>
    {
        var settled = await settle.ExecuteAsync(batch, CancellationToken.None);
        End(settled.Ended.Select(each => each.Sending.Delivery), settled.Lost.Select(each => each.Sending.Delivery));
        foreach (var busy in settled.Busy)
        {
            _ = Task.Run(() => SettleAsync(client, [busy]));
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

    private async Task PutBackAsync(IReadOnlyList<Delivery> batch)
    {
        try
        {
            await queue.PutBackAsync([.. batch.Select(delivery => delivery.Job)], CancellationToken.None);
        }
        catch (Exception exception)
        {
            LogNotPutBack(exception, batch.Count);
        }

        End(batch, []);
    }

    private static async Task InHalvesAsync<T>(ClientId? client, IReadOnlyList<T> batch, Func<ClientId?, IReadOnlyList<T>, Task> work)
    {
        await work(client, [.. batch.Take(batch.Count / 2)]);
        await work(client, [.. batch.Skip(batch.Count / 2)]);
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
            claims.Release();
        }

        foreach (var delivery in lost)
        {
            failures.LeaseLost(delivery.Job);
            delivery.End("lease_lost", "Another worker has it.");
            claims.Release();
        }
    }

    private async Task FailAsync(Delivery delivery, Exception exception)
    {
        await failures.PutOffAsync(delivery.Job, exception);
        delivery.End("error", exception.GetType().Name);
        claims.Release();
    }

    // Then smaller pieces would fail as well. Entity Framework wraps what it takes for transient.
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
