namespace WaMcp.Worker;

/// <summary>Does something again and again, with a pause in between, until the Worker is asked to stop. A turn that fails is not the last one.</summary>
/// <param name="clock">For the pauses.</param>
internal abstract class PeriodicService(TimeProvider clock) : BackgroundService
{
    /// <summary>The one that the pauses go by.</summary>
    protected TimeProvider Clock => clock;

    /// <summary>How long to pause between two turns.</summary>
    protected abstract TimeSpan Every { get; }

    /// <summary>Does it once.</summary>
    protected abstract Task TurnAsync(CancellationToken cancellationToken);

    /// <summary>A turn has failed, and not because the Worker stops: the place to say so.</summary>
    /// <param name="exception">Why.</param>
    /// <param name="again">Whether the turn before it failed as well.</param>
    protected abstract void Failed(Exception exception, bool again);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var isFailing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await TurnAsync(stoppingToken);
                isFailing = false;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                Failed(exception, isFailing);
                isFailing = true;
            }
            catch (Exception)
            {
                return; // asked to stop, whatever was interrupted by it
            }

            await Task.Delay(Every, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
