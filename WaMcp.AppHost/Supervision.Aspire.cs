using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace WaMcp.AppHost;

/// <summary>
/// Says when the programs are healthy, ends the AppHost when they cannot become it, and starts again what crashed afterwards: Aspire
/// itself leaves a crashed program lying.
/// </summary>
internal sealed partial class Supervision(
    ResourceNotificationService notifications,
    ResourceCommandService commands,
    IHostApplicationLifetime lifetime,
    ILogger<Supervision> logger,
    IReadOnlyList<string> programs,
    Func<CancellationToken, Task> healthy) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            foreach (var program in programs)
            {
                await notifications.WaitForResourceHealthyAsync(program, WaitBehavior.StopOnResourceUnavailable, stoppingToken);
            }

            await healthy(stoppingToken);
            await Task.WhenAll(programs.Select(program => KeepRunningAsync(program, stoppingToken)));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        catch (DistributedApplicationException e)
        {
            LogStartFailed(e.Message);
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }

    private async Task KeepRunningAsync(string program, CancellationToken stoppingToken)
    {
        var backOff = new BackOff();
        while (true)
        {
            var started = TimeProvider.System.GetTimestamp();
            var end = await notifications.WaitForResourceAsync(program, HasCrashed, stoppingToken);
            var delay = backOff.AfterRunOf(TimeProvider.System.GetElapsedTime(started));
            LogCrashed(program, end.Snapshot.ExitCode, delay.TotalSeconds);
            await Task.Delay(delay, stoppingToken);
            var start = await commands.ExecuteCommandAsync(end.ResourceId, KnownResourceCommands.StartCommand, stoppingToken);
            if (!start.Success)
            {
                continue; // Still crashed: the next round waits longer. Started by somebody else: it waits for the next crash.
            }

            // The crash stays the current state until the new process has one of its own; its time tells them apart.
            var outcome = await notifications.WaitForResourceAsync(
                program,
                change => change.Snapshot.HealthStatus is HealthStatus.Healthy
                    || change.Snapshot.State?.Text == KnownResourceStates.FailedToStart
                    || (HasCrashed(change) && change.Snapshot.StopTimeStamp != end.Snapshot.StopTimeStamp),
                stoppingToken);
            if (!HasCrashed(outcome))
            {
                LogHealthyAgain(program);
            }
        }
    }

    // Exit code 0 is somebody's stop button, not a crash.
    private static bool HasCrashed(ResourceEvent change) =>
        KnownResourceStates.TerminalStates.Contains(change.Snapshot.State?.Text) && change.Snapshot.ExitCode is not 0;

    [LoggerMessage(Level = LogLevel.Critical, Message = "The start failed: {Reason}")]
    private partial void LogStartFailed(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Program} crashed (exit code {ExitCode}), restarting in {Seconds} s")]
    private partial void LogCrashed(string program, int? exitCode, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Program} is healthy again")]
    private partial void LogHealthyAgain(string program);
}

/// <summary>How AppHost.cs asks for it.</summary>
internal static class SupervisionRegistration
{
    public static void WhenHealthy(
        this IDistributedApplicationBuilder builder,
        IReadOnlyList<IResourceBuilder<IResource>> programs,
        Func<CancellationToken, Task> healthy,
        Action stopping)
    {
        // With a dashboard Aspire would wait for ever behind a failed migration, for somebody to press a button there.
        builder.Services.Configure<ResourceNotificationServiceOptions>(
            options => options.DefaultWaitBehavior = WaitBehavior.StopOnResourceUnavailable);
        builder.Services.AddHostedService(services =>
        {
            var lifetime = services.GetRequiredService<IHostApplicationLifetime>();
            lifetime.ApplicationStopping.Register(stopping);
            return new Supervision(
                services.GetRequiredService<ResourceNotificationService>(),
                services.GetRequiredService<ResourceCommandService>(),
                lifetime,
                services.GetRequiredService<ILogger<Supervision>>(),
                [.. programs.Select(program => program.Resource.Name)],
                healthy);
        });
    }
}
