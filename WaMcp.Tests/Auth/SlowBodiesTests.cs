using System.Net.Sockets;
using System.Text;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Auth;

/// <summary>Somebody with a key who sends many bodies slowly.</summary>
[Collection(SharedSystemTests.Name)]
public sealed class SlowBodiesTests(SharedSystem shared)
{
    private const int Most = 32;
    private const string Body = "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"ping\",\"arguments\":{}}}";

    [Fact]
    public async Task HoldsUpOnlyHimselfAndOnlyUntilTheyHaveArrived()
    {
        var system = shared.System;
        var (slow, other) = (await system.Console.OnboardAsync(), await system.Console.OnboardAsync());
        var sent = new List<TcpClient>();
        try
        {
            for (var body = 0; body < Most; body++)
            {
                sent.Add(await BeginAsync(system.Server, slow));
            }

            var refused = await Eventually.GetAsync(
                "a refusal", () => system.Mcp(slow.Token).CallAsync("ping"), answer => answer.Status == 429);
            refused.Body.ShouldContain("Too many requests are still being sent: at most 32 of one key.");
            refused.Body.ShouldContain("\"reason\":\"rate_limited\"");
            refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
            (await system.Mcp(other.Token).CallAsync("ping")).Status.ShouldBe(200);

            await Task.WhenAll(sent.Select(EndAsync));
            (await system.Mcp(slow.Token).CallAsync("ping")).Status.ShouldBe(200);
            await system.AuditAsync(slow.Client.Id, "rate_limited");
        }
        finally
        {
            sent.ForEach(connection => connection.Dispose());
        }
    }

    private static async Task<TcpClient> BeginAsync(Uri server, TestClient client)
    {
        var connection = new TcpClient();
        await connection.ConnectAsync(server.Host, server.Port);
        var request = RawHttp.Post("/mcp", [$"Authorization: Bearer {client.Token}", "MCP-Protocol-Version: 2025-06-18"], Encoding.UTF8.GetBytes(Body));
        await connection.GetStream().WriteAsync(request.AsMemory(0, request.Length - 1));
        return connection;
    }

    private static async Task EndAsync(TcpClient connection)
    {
        await connection.GetStream().WriteAsync(Encoding.UTF8.GetBytes(Body[^1..]));
        using var answer = new StreamReader(connection.GetStream());
        (await answer.ReadLineAsync()).ShouldBe("HTTP/1.1 200 OK");
    }
}
