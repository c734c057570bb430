using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Endpoints;

/// <summary>A webhook as it arrived at a client.</summary>
internal sealed record Notice(string Id, string Timestamp, string Signature, byte[] Body, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json { get; } = JsonElement.Parse(Body);

    public string Type => Json.GetProperty("type").GetString()!;

    public JsonElement Message => Json.GetProperty("data").GetProperty("message");

    public string? Text => Message.TryGetProperty("text", out var text) ? text.GetString() : null;

    public string? Status => Json.GetProperty("data").TryGetProperty("status", out var status) ? status.GetString() : null;
}

/// <summary>Clients' web servers: one for each path, which answers as its test wants.</summary>
internal sealed class EndpointReceiver : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Mailbox> mailboxes = new();
    private readonly WebApplication app;

    private EndpointReceiver()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel().UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(ReceiveAsync);
    }

    public string Origin { get; private set; } = "";

    public static async Task<EndpointReceiver> StartAsync()
    {
        var receiver = new EndpointReceiver();
        await receiver.app.StartAsync();
        receiver.Origin = receiver.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return receiver;
    }

    /// <summary>A web server of its own; takes everything unless told otherwise.</summary>
    public Mailbox Open()
    {
        var path = $"/{Guid.NewGuid():N}";
        return mailboxes.GetOrAdd(path, _ => new Mailbox($"{Origin}{path}"));
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }

    private async Task ReceiveAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var headers = http.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString());
        var mailbox = mailboxes[http.Request.Path];
        mailbox.Keep(new(headers["webhook-id"], headers["webhook-timestamp"], headers["webhook-signature"], body.ToArray(), headers));
        await mailbox.Answer(http);
    }
}

/// <summary>What one of them got.</summary>
internal sealed class Mailbox(string url)
{
    private readonly ConcurrentQueue<Notice> got = new();

    public string Url => url;

    public IReadOnlyList<Notice> Got => [.. got];

    public RequestDelegate Answer { get; set; } = Status(204);

    public static RequestDelegate Status(int status) => http =>
    {
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    };

    public void Keep(Notice notice) => got.Enqueue(notice);

    public Task<IReadOnlyList<Notice>> HasAsync(int count) =>
        Eventually.GetAsync($"{count} webhooks", () => Task.FromResult(Got), seen => seen.Count >= count);

    public async Task<Notice> FindAsync(Func<Notice, bool> wanted) =>
        (await Eventually.GetAsync("a webhook", () => Task.FromResult(Got.FirstOrDefault(wanted)), seen => seen is not null))!;
}
