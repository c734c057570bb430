using System.Threading.Channels;

namespace WaMcp.Sandbox.WhatsApp.Webhooks;

/// <summary>
/// Updates and deliveries in the order they are due. One reader takes them out; an update never overtakes an earlier one of its
/// lane, except past a delivery that waits for its next attempt: Meta does not hold the line for a refused webhook either.
/// </summary>
internal sealed class WebhookLane : IDisposable
{
    private readonly Lock gate = new();
    private readonly PriorityQueue<WebhookUpdate, (DateTimeOffset Due, long Order)> updates = new();
    private readonly PriorityQueue<WebhookDelivery, (DateTimeOffset Due, long Order)> deliveries = new();
    private readonly Channel<bool> wake =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly TimeProvider clock;
    private readonly ITimer alarm;
    private long order;
    private int generation;

    public WebhookLane(TimeProvider clock)
    {
        this.clock = clock;
        alarm = clock.CreateTimer(_ => wake.Writer.TryWrite(true), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Raised by every clearing, so that an attempt under way at that moment is not queued again.</summary>
    public int Generation => Volatile.Read(ref generation);

    public void Add(WebhookUpdate update)
    {
        lock (gate)
        {
            updates.Enqueue(update, (update.Due, order++));
        }

        wake.Writer.TryWrite(true);
    }

    public bool Add(WebhookDelivery delivery, int ofGeneration)
    {
        lock (gate)
        {
            if (ofGeneration != generation || delivery.NextAttempt is not { } due)
            {
                return false;
            }

            deliveries.Enqueue(delivery, (due, order++));
        }

        wake.Writer.TryWrite(true);
        return true;
    }

    /// <summary>The next thing that is due: a delivery to try again, or up to <paramref name="most"/> updates for a new one.</summary>
    public async Task<(WebhookDelivery? Delivery, List<WebhookUpdate> Updates, int Generation)> TakeAsync(
        Func<int> most, CancellationToken cancellationToken)
    {
        while (true)
        {
            TimeSpan wait;
            lock (gate)
            {
                var now = clock.GetUtcNow();
                if (deliveries.TryPeek(out _, out var attempt) && attempt.Due <= now)
                {
                    return (deliveries.Dequeue(), [], generation);
                }

                var batch = TakeDue(now, most());
                if (batch.Count > 0)
                {
                    return (null, batch, generation);
                }

                wait = UntilNext(now);
            }

            alarm.Change(wait, Timeout.InfiniteTimeSpan);
            await wake.Reader.ReadAsync(cancellationToken);
        }
    }

    /// <summary>Forgets everything; the deliveries and the number of updates that were waiting.</summary>
    public (IReadOnlyList<WebhookDelivery> Deliveries, int Updates) Clear()
    {
        lock (gate)
        {
            var gone = deliveries.UnorderedItems.Select(item => item.Element).ToList();
            var count = updates.Count;
            deliveries.Clear();
            updates.Clear();
            generation++;
            return (gone, count);
        }
    }

    public void Dispose() => alarm.Dispose();

    private List<WebhookUpdate> TakeDue(DateTimeOffset now, int most)
    {
        var batch = new List<WebhookUpdate>();
        while (batch.Count < most && updates.TryPeek(out var update, out var next) && next.Due <= now)
        {
            updates.Dequeue();
            batch.Add(update);
        }

        return batch;
    }

    private TimeSpan UntilNext(DateTimeOffset now)
    {
        DateTimeOffset? next = updates.TryPeek(out _, out var update) ? update.Due : null;
        if (deliveries.TryPeek(out _, out var attempt) && (next is null || attempt.Due < next))
        {
            next = attempt.Due;
        }

        return next is null
            ? Timeout.InfiniteTimeSpan
            : TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling((next.Value - now).TotalMilliseconds)));
    }
}
