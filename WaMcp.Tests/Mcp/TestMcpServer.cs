using System.ComponentModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WaMcp.Server.Mcp;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Mcp;

/// <summary>A program with nothing in it but the MCP endpoint and a few tools.</summary>
internal sealed class TestMcpServer : IAsyncDisposable
{
    private readonly TestApp app;

    private TestMcpServer(TestApp app) => this.app = app;

    public Uri Endpoint => new(app.Address, "/mcp");

    public HttpClient Http => app.Client;

    public static async Task<TestMcpServer> StartAsync(params (string, string?)[] settings) => new(await TestApp.StartAsync(
        builder =>
        {
            builder.Services.AddScoped<RequestOwned>();
            builder.Services.AddSingleton<SlowCalls>();
            builder.Services.AddHttpContextAccessor();
            builder.Services.AddMcpServer(options => options.ServerInfo = new Implementation { Name = "test", Version = "1" })
                .AddMcpEndpoint()
                .WithTools<TestTools>();
        },
        app =>
        {
            app.Use((context, next) =>
            {
                if (context.Request.Headers["Test-User"] is [{ } name])
                {
                    context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], "test"));
                }

                return next(context);
            });
            app.MapMcpEndpoint("/mcp");
        },
        settings));

    /// <summary>The official client; without a version it takes the newest one that both sides speak.</summary>
    public Task<McpClient> ConnectAsync(string? version = null, params (string Name, string Value)[] headers) => McpClient.CreateAsync(
        new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = Endpoint,
            TransportMode = HttpTransportMode.StreamableHttp,
            AdditionalHeaders = headers.ToDictionary(header => header.Name, header => header.Value),
        }),
        new McpClientOptions { ProtocolVersion = version });

    public T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    public ValueTask DisposeAsync() => app.DisposeAsync();
}

/// <summary>One per HTTP request, if services are scoped as they should be.</summary>
internal sealed class RequestOwned;

internal sealed class SlowCalls
{
    public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Seen { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

internal sealed class TestTools(RequestOwned owned, IHttpContextAccessor http)
{
    [McpServerTool(Name = "echo"), Description("Says it again.")]
    public static string Echo(string text) => text;

    [McpServerTool(Name = "who"), Description("The user, and whether the services are the request's own.")]
    public string Who(ClaimsPrincipal? user = null) =>
        $"{user?.Identity?.Name ?? "nobody"} {ReferenceEquals(owned, http.HttpContext!.RequestServices.GetService<RequestOwned>())}";

    [McpServerTool(Name = "fail"), Description("Fails.")]
    public static string Fail(bool known) =>
        throw (known ? new McpException("a known reason") : new InvalidOperationException("internal matters"));

    [McpServerTool(Name = "count"), Description("Reports progress and ends when somebody has seen it.")]
    public static async Task<string> Count(
        int to, RequestContext<CallToolRequestParams> request, SlowCalls calls, CancellationToken cancellationToken)
    {
        for (var step = 1; step <= to; step++)
        {
            var progress = new ProgressNotificationValue { Progress = step, Total = to };
            await request.Server.NotifyProgressAsync(request.Params!.ProgressToken!.Value, progress, cancellationToken: cancellationToken);
        }

        await calls.Seen.Task.WaitAsync(cancellationToken);
        return "counted";
    }

    [McpServerTool(Name = "wait"), Description("Waits until it is cancelled.")]
    public static async Task<string> Wait(SlowCalls calls, CancellationToken cancellationToken)
    {
        calls.Started.SetResult();
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            calls.Cancelled.SetResult();
            throw;
        }

        return "never";
    }

    [McpServerTool(Name = "route"), Description("Has an argument that is repeated in a header.")]
    public static string Route([McpHeader("Region")] string? region, [McpHeader("Shard")] int? shard) => $"{region} {shard}";
}
