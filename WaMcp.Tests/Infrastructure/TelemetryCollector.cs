using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace WaMcp.Tests.Infrastructure;

/// <summary>Takes OTLP over HTTP and keeps the bytes. Text stands in protobuf as it is, so looking for a string is enough.</summary>
internal sealed class TelemetryCollector : IAsyncDisposable
{
    private readonly Dictionary<string, StringBuilder> received = [];
    private TestApp app = null!;

    public Uri Address => app.Address;

    public static async Task<TelemetryCollector> StartAsync()
    {
        var collector = new TelemetryCollector();
        collector.app = await TestApp.StartAsync(_ => { }, app => app.Run(collector.TakeAsync));
        return collector;
    }

    public string Received(string path)
    {
        lock (received)
        {
            return received.TryGetValue(path, out var text) ? text.ToString() : "";
        }
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        lock (received)
        {
            received.TryAdd(context.Request.Path, new StringBuilder());
            received[context.Request.Path].Append(Encoding.UTF8.GetString(body.ToArray()));
        }
    }
}
