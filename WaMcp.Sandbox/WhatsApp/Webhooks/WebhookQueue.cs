using WaMcp.Sandbox.WhatsApp.Behaviour;

namespace WaMcp.Sandbox.WhatsApp.Webhooks;

/// <summary>Takes updates, posts them in batches, and posts again what was not answered with 200, until it is or until a reset.</summary>
internal sealed partial class WebhookQueue : BackgroundService
{
    private const int Lanes = 4;

    private readonly WebhookLane[] lanes;
    private readonly WebhookClient client;
    private readonly WebhookLog log;
    private readonly CurrentBehaviour behaviour;
    private readonly WhatsAppOptions options;
    private readonly TimeProvider clock;
    private readonly ILogger<WebhookQueue> logger;
    private int pending;
    private long accepted;
    private long refused;
    private long dropped;

    public WebhookQueue(
        WebhookClient client, WebhookLog log, CurrentBehaviour behaviour, WhatsAppOptions options, TimeProvider clock,
        ILogger<WebhookQueue> logger)
    {
        this.client = client;
        this.log = log;
        this.behaviour = behaviour;
        this.options = options;
        this.clock = clock;
        this.logger = logger;
        lanes = [.. Enumerable.Range(0, Lanes).Select(_ => new WebhookLane(clock))];
    }

    /// <summary>Updates that the callback has not yet accepted.</summary>
    public int Pending => Volatile.Read(ref pending);

    public long AcceptedUpdates => Interlocked.Read(ref accepted);

    public long RefusedAttempts => Interlocked.Read(ref refused);

    public long DroppedUpdates => Interlocked.Read(ref dropped);

    public void Add(WebhookUpdate update)
    {
        if (Interlocked.Increment(ref pending) > options.MaxPendingUpdates)
        {
            Interlocked.Decrement(ref pending);
            if (Interlocked.Increment(ref dropped) == 1)
            {
                LogFull(options.MaxPendingUpdates);
            }

            return;
        }

        lanes[update.Lane(Lanes)].Add(update);
    }

    public void Clear()
    {
        foreach (var lane in lanes)
        {
            var (deliveries, updates) = lane.Clear();
            Interlocked.Add(ref pending, -updates);
            foreach (var delivery in deliveries)
            {
                Forget(delivery);
            }
        }

        Interlocked.Exchange(ref accepted, 0);
        Interlocked.Exchange(ref refused, 0);
        Interlocked.Exchange(ref dropped, 0);
        log.Clear();
    }

    public override void Dispose()
    {
        foreach (var lane in lanes)
        {
            lane.Dispose();
        }

        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(lanes.Select(lane => Task.Run(() => RunAsync(lane, stoppingToken), stoppingToken)));

    private async Task RunAsync(WebhookLane lane, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (delivery, updates, generation) = await lane.TakeAsync(() => behaviour.Now.BatchSize, cancellationToken);
            if (delivery is not null)
            {
                await AttemptAsync(lane, delivery, generation, cancellationToken);
                continue;
            }

            foreach (var update in updates)
            {
                update.Leaves();
            }

            foreach (var group in updates.GroupBy(Address))
            {
                await PostAsync(lane, group.Key, [.. group], generation, cancellationToken);
            }
        }
    }

    /// <summary>The most specific address wins: number, account, app.</summary>
    private Uri? Address(WebhookUpdate update) =>
        !update.Account.Subscribed ? null
        : update.Number?.CallbackOverride ?? update.Account.CallbackOverride ?? behaviour.Now.CallbackUrl;

    private async Task PostAsync(
        WebhookLane lane, Uri? url, IReadOnlyList<WebhookUpdate> updates, int generation, CancellationToken cancellationToken)
    {
        if (url is null)
        {
            Interlocked.Add(ref pending, -updates.Count); // nobody has subscribed; Meta tells nobody either
            return;
        }

        var now = clock.GetUtcNow();
        var first = new WebhookDelivery(log.NextId(), url, WebhookEnvelope.Write(updates, now), updates[0], updates, now);
        var deliveries = new List<WebhookDelivery> { first };
        for (var copy = 0; copy < behaviour.Now.Duplicates; copy++)
        {
            deliveries.Add(new WebhookDelivery(log.NextId(), url, first.Body, updates[0], [], now) { CopyOf = first.Id });
        }

        foreach (var delivery in deliveries)
        {
            log.Add(delivery);
            await AttemptAsync(lane, delivery, generation, cancellationToken);
        }
    }

    private async Task AttemptAsync(WebhookLane lane, WebhookDelivery delivery, int generation, CancellationToken cancellationToken)
    {
        if (delivery.Addressee is { } addressee && Address(addressee) is { } url)
        {
            delivery.SendTo(url);
        }

        var (status, error) = await client.PostAsync(delivery.Url, delivery.Body, behaviour.Now.WebhookTimeout, cancellationToken);
        var now = clock.GetUtcNow();
        if (status == StatusCodes.Status200OK)
        {
            Interlocked.Add(ref pending, -delivery.UpdateCount);
            Interlocked.Add(ref accepted, delivery.UpdateCount);
            delivery.Accepted(now);
            return;
        }

        Interlocked.Increment(ref refused);
        delivery.Failed(status, status is null ? error : $"HTTP {status}", now + behaviour.Now.PauseBefore(delivery.Attempts + 2));
        if (delivery.Attempts == 1)
        {
            LogRefused(delivery.Id, delivery.LastError);
        }

        if (!lane.Add(delivery, generation))
        {
            Forget(delivery);
        }
    }

    private void Forget(WebhookDelivery delivery)
    {
        Interlocked.Add(ref pending, -delivery.UpdateCount);
        delivery.Dropped();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The callback did not take webhook {Delivery}: {Error} It will be posted again")]
    private partial void LogRefused(long delivery, string? error);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Most} webhook updates wait for the callback; further ones are dropped until it takes some")]
    private partial void LogFull(int most);
}
