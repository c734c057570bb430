namespace WaMcp.Sandbox.WhatsApp.Webhooks;

/// <summary>The latest deliveries, for the control API, up to a number of them and of bytes.</summary>
internal sealed class WebhookLog
{
    private const int Most = 50_000;
    private const long MostBytes = 128L * 1024 * 1024;

    private readonly Lock gate = new();
    private readonly Queue<WebhookDelivery> deliveries = new();
    private long lastId;
    private long bytes;

    public long NextId() => Interlocked.Increment(ref lastId);

    public void Add(WebhookDelivery delivery)
    {
        lock (gate)
        {
            deliveries.Enqueue(delivery);
            bytes += delivery.Body.Length;
            while (deliveries.Count > Most || bytes > MostBytes)
            {
                bytes -= deliveries.Dequeue().Body.Length;
            }
        }
    }

    public WebhookDelivery[] Deliveries()
    {
        lock (gate)
        {
            return [.. deliveries];
        }
    }

    public void Clear()
    {
        lock (gate)
        {
            deliveries.Clear();
            bytes = 0;
        }
    }
}
