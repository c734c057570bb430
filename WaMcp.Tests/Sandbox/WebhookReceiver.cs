using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace WaMcp.Tests.Sandbox;

/// <summary>A webhook POST as it arrived.</summary>
public sealed record ReceivedWebhook(byte[] Body, IReadOnlyDictionary<string, string> Headers, DateTimeOffset At)
{
    public JsonElement Json { get; } = JsonElement.Parse(Body);

    public IEnumerable<JsonElement> Changes =>
        Json.GetProperty("entry").EnumerateArray().SelectMany(entry => entry.GetProperty("changes").EnumerateArray());

    public IEnumerable<JsonElement> Values => Changes.Select(change => change.GetProperty("value"));

    public IEnumerable<JsonElement> Statuses => Values.SelectMany(value => Items(value, "statuses"));

    public IEnumerable<JsonElement> Messages => Values.SelectMany(value => Items(value, "messages"));

    private static JsonElement[] Items(JsonElement value, string name) =>
        value.TryGetProperty(name, out var items) ? items.EnumerateArray().ToArray() : [];
}

/// <summary>The server's webhook endpoint, as little of it as the sandbox can see. Answers 200 unless told otherwise.</summary>
public sealed class WebhookReceiver : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly List<ReceivedWebhook> received = [];
    private readonly Queue<int> answers = new();
    private readonly WebApplication app;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private WebhookReceiver(string verifyToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel().UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.MapGet("/{**path}", (HttpContext context) =>
            Refuses || context.Request.Query["hub.verify_token"] != verifyToken || context.Request.Query["hub.mode"] != "subscribe"
                ? Results.StatusCode(StatusCodes.Status403Forbidden)
                : Results.Text(context.Request.Query["hub.challenge"]));
        app.MapPost("/{**path}", ReceiveAsync);
    }

    /// <summary>Fails the verification challenge.</summary>
    public bool Refuses { get; set; }

    public string Url { get; private set; } = "";

    public static async Task<WebhookReceiver> StartAsync(string verifyToken)
    {
        var receiver = new WebhookReceiver(verifyToken);
        await receiver.app.StartAsync();
        var addresses = receiver.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        receiver.Url = addresses.Addresses.Single() + "/webhooks/whatsapp";
        return receiver;
    }

    /// <summary>The next POSTs are answered so; then 200 again.</summary>
    public void AnswerWith(params ReadOnlySpan<HttpStatusCode> statuses)
    {
        lock (gate)
        {
            foreach (var status in statuses)
            {
                answers.Enqueue((int)status);
            }
        }
    }

    public IReadOnlyList<ReceivedWebhook> Received
    {
        get
        {
            lock (gate)
            {
                return [.. received];
            }
        }
    }

    /// <summary>Waits until what has arrived satisfies the condition, and gives it back.</summary>
    public async Task<IReadOnlyList<ReceivedWebhook>> WaitForAsync(Func<IReadOnlyList<ReceivedWebhook>, bool> condition)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            Task next;
            IReadOnlyList<ReceivedWebhook> soFar;
            lock (gate)
            {
                soFar = [.. received];
                next = changed.Task;
            }

            if (condition(soFar))
            {
                return soFar;
            }

            try
            {
                await next.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"{soFar.Count} webhooks arrived in {Deadline.TotalSeconds} s, none that was waited for.");
            }
        }
    }

    /// <summary>The statuses of a message in the order they arrived, once there are so many.</summary>
    public async Task<IReadOnlyList<JsonElement>> StatusesAsync(string wamid, int count) => StatusesOf(await WaitForAsync(all => StatusesOf(all, wamid).Count >= count), wamid);

    public async Task<JsonElement> MessageAsync(string wamid) =>
        (await WaitForAsync(all => all.SelectMany(webhook => webhook.Messages).Any(message => message.GetProperty("id").GetString() == wamid)))
            .SelectMany(webhook => webhook.Messages).First(message => message.GetProperty("id").GetString() == wamid);

    public async Task<ReceivedWebhook> WebhookOfMessageAsync(string wamid) =>
        (await WaitForAsync(all => all.Any(webhook => HasMessage(webhook, wamid)))).First(webhook => HasMessage(webhook, wamid));

    public static IReadOnlyList<JsonElement> StatusesOf(IEnumerable<ReceivedWebhook> webhooks, string wamid) =>
        [.. webhooks.SelectMany(webhook => webhook.Statuses).Where(status => status.GetProperty("id").GetString() == wamid)];

    public void Clear()
    {
        lock (gate)
        {
            received.Clear();
            answers.Clear();
        }
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static bool HasMessage(ReceivedWebhook webhook, string wamid) => webhook.Messages.Any(message => message.GetProperty("id").GetString() == wamid);

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        TaskCompletionSource before;
        lock (gate)
        {
            received.Add(new ReceivedWebhook(body.ToArray(), headers, DateTimeOffset.UtcNow));
            context.Response.StatusCode = answers.TryDequeue(out var status) ? status : StatusCodes.Status200OK;
            before = changed;
            changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        before.SetResult();
    }
}
