using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace WaMcp.Tests.Infrastructure;

/// <summary>
/// Stands in front of the sandbox of every test system: a message that Meta's contract does not know is refused as Meta would refuse it, so the
/// test that sent it fails, and is remembered, so the system's end fails as well. Lets everything pass where there is no contract.
/// </summary>
internal sealed class ContractGate : IStartupFilter
{
    /// <summary>What was wrong, with the document.</summary>
    public ConcurrentQueue<string> Faults { get; } = new();

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(CheckAsync);
        next(app);
    };

    private async Task CheckAsync(HttpContext http, RequestDelegate next)
    {
        if (!HttpMethods.IsPost(http.Request.Method) || !http.Request.Path.Value!.EndsWith("/messages", StringComparison.Ordinal) || !IsGraph(http.Request.Path))
        {
            await next(http);
            return;
        }

        http.Request.EnableBuffering();
        using var document = await JsonDocument.ParseAsync(http.Request.Body);
        http.Request.Body.Position = 0;
        var faults = MetaContract.FaultsOfMessage(document.RootElement);
        if (faults.Count == 0)
        {
            await next(http);
            return;
        }

        Faults.Enqueue($"{string.Join("; ", faults)}: {document.RootElement}");
        http.Response.StatusCode = StatusCodes.Status400BadRequest;
        await http.Response.WriteAsJsonAsync(new { error = new { message = $"Not by the contract: {string.Join("; ", faults)}", type = "OAuthException", code = 100 } });
    }

    private static bool IsGraph(PathString path) => path.Value!.StartsWith("/v", StringComparison.Ordinal);
}
