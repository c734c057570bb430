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

    private readonly SemaphoreSlim raised = new(0, 1);

    /// <summary>Waits for a notification, at most so long.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => raised.WaitAsync(atMost, cancellationToken);

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
        await using (var listen = new NpgsqlCommand($"LISTEN {JobQueue.Notification}", connection))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }

        Raise(); // whatever came while nobody listened
        while (true)
        {
            await connection.WaitAsync(cancellationToken);
            Raise();
        }
    }

    private void Raise()
    {
        if (raised.CurrentCount == 0)
        {
            raised.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection that listens for jobs was lost; looking for them by the clock until it is back.")]
    private partial void LogLost(Exception exception);
}
