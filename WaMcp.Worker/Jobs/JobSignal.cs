using System.Collections.Immutable;
using Npgsql;
using WaMcp.Domain.Jobs;

namespace WaMcp.Worker.Jobs;

/// <summary>Listens for the notification that a transaction with new jobs has committed.</summary>
/// <param name="database">One connection of its own.</param>
/// <param name="clock">For the pause after a lost connection.</param>
/// <param name="logger">Says when the connection goes.</param>
internal sealed partial class JobSignal(NpgsqlDataSource database, TimeProvider clock, ILogger<JobSignal> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private ImmutableArray<(IReadOnlyCollection<JobKind> Kinds, SemaphoreSlim Bell)> bells = [];

    /// <summary>A bell of the caller's own, rung when jobs of these kinds may have come.</summary>
    public SemaphoreSlim Subscribe(IReadOnlyCollection<JobKind> kinds)
    {
        var bell = new SemaphoreSlim(0, 1);
        ImmutableInterlocked.Update(ref bells, known => known.Add((kinds, bell)));
        return bell;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogLost(exception);
                await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, notification) => Raise(Enum.TryParse<JobKind>(notification.Payload, out var kind) ? kind : null);
        await using (var listen = new NpgsqlCommand($"LISTEN {JobQueue.Notification}", connection))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }

        Raise(null); // whatever came while nobody listened
        while (true)
        {
            await connection.WaitAsync(cancellationToken);
        }
    }

    private void Raise(JobKind? kind)
    {
        foreach (var (_, bell) in bells.Where(each => kind is null || each.Kinds.Contains(kind.Value)))
        {
            Ring(bell);
        }
    }

    /// <summary>Wakes whoever waits for a bell, or spares them the next wait.</summary>
    public static void Ring(SemaphoreSlim bell)
    {
        lock (bell)
        {
            if (bell.CurrentCount == 0)
            {
                bell.Release(); // only here
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection that listens for jobs was lost; looking for them by the clock until it is back.")]
    private partial void LogLost(Exception exception);
}
