using Microsoft.Extensions.Options;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Limits;
using WaMcp.Worker.Jobs;

namespace WaMcp.Worker.Deliveries;

/// <summary>
/// Lets each message leave in the slot that its number's pace gave it. One that misses its slot, because this worker was busy, would leave together
/// with those whose slot is now; it gets another.
/// </summary>
/// <param name="queue">Gives slots.</param>
/// <param name="options">How late a message may leave.</param>
/// <param name="clock">Tells how late it is.</param>
/// <param name="logger">For slots that could not be had.</param>
internal sealed partial class SendSlots(JobQueue queue, IOptions<PacingOptions> options, TimeProvider clock, ILogger<SendSlots> logger)
{
    /// <summary>How long before its slot a message is taken: what it may take until it can leave.</summary>
    public static readonly TimeSpan Lead = TimeSpan.FromMilliseconds(150);

    // With its number paused meanwhile, a message would be held for as long as the pause.
    private static readonly TimeSpan Farthest = TimeSpan.FromSeconds(5);

    // What is due within the same step is taken together: a batch of many costs little more than one of a few.
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    // A worker that misses so many has no time for a better moment.
    private const int Misses = 5;

    private static readonly TimeSpan Precision = TimeSpan.FromMilliseconds(5); // of the machine's timers

    // The first send of a process takes long: code is compiled, a connection is made. Others that began beside it would arrive all together.
    private static readonly TimeSpan Coldest = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource warm = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Batches<(Delivery Delivery, TaskCompletionSource Given)> late = new(lanes: 1);

    private readonly TimeSpan tolerance = new[] { TimeSpan.FromSeconds(options.Value.Headroom / 2), Precision }.Max();

    private int begun;

    /// <summary>Gives new slots to those who missed theirs, until <see cref="Complete"/>.</summary>
    public Task RunAsync() => late.RunAsync(GiveAsync);

    /// <summary>Nobody comes any more.</summary>
    public void Complete() => late.Complete();

    /// <summary>A slot that begins now or later.</summary>
    public Slot After(TimeSpan wait) => new(clock.GetTimestamp(), wait);

    /// <summary>Waits until it is time to take a message.</summary>
    public async Task WaitToTakeAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var wait = delivery.Slot.Ahead(clock) - Lead;
        wait -= TimeSpan.FromTicks((clock.GetElapsedTime(0) + wait).Ticks % Step.Ticks);
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, clock, cancellationToken);
        }
    }

    /// <summary>Sends a message when it may leave.</summary>
    /// <param name="delivery">Its job.</param>
    /// <param name="send">Sends it.</param>
    public async Task<SendOutcome> SendAsync(Delivery delivery, Func<Task<SendOutcome>> send)
    {
        var isFirst = Interlocked.Exchange(ref begun, 1) == 0;
        if (!isFirst && !warm.Task.IsCompleted)
        {
            await Task.WhenAny(warm.Task, Task.Delay(Coldest, clock));
        }

        try
        {
            return await WaitToLeaveAsync(delivery) ? await send() : new SendOutcome.NotSent("late");
        }
        finally
        {
            if (isFirst)
            {
                warm.SetResult();
            }
        }
    }

    // False when its moment is too far away to hold it until then.
    private async Task<bool> WaitToLeaveAsync(Delivery delivery)
    {
        for (var missed = 0; ; missed++)
        {
            var ahead = delivery.Slot.Ahead(clock);
            if (ahead > Farthest)
            {
                return false;
            }

            if (ahead > TimeSpan.Zero)
            {
                await Task.Delay(ahead, clock);
                ahead = delivery.Slot.Ahead(clock);
            }

            if (ahead >= -tolerance || missed == Misses)
            {
                return true;
            }

            var given = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            late.Add((delivery, given));
            await given.Task;
        }
    }

    private async Task GiveAsync(IReadOnlyList<(Delivery Delivery, TaskCompletionSource Given)> missed)
    {
        try
        {
            var slots = await queue.NewSlotsAsync(missed.Select(each => each.Delivery.Job.ChannelId!.Value), CancellationToken.None);
            foreach (var number in missed.GroupBy(each => each.Delivery.Job.ChannelId!.Value))
            {
                var (wait, pace) = slots.GetValueOrDefault(number.Key);
                foreach (var (delivery, _) in number)
                {
                    delivery.Slot = After(wait);
                    wait += pace;
                }
            }
        }
        catch (Exception exception)
        {
            // They leave now. While there is no database nobody claims, so there is not much beside which they could be too many.
            LogNoSlots(exception, missed.Count);
            foreach (var (delivery, _) in missed)
            {
                delivery.Slot = After(TimeSpan.Zero);
            }
        }

        foreach (var (_, given) in missed)
        {
            given.SetResult();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} messages missed their moment and got no other one; they leave at once.")]
    private partial void LogNoSlots(Exception exception, int count);
}
