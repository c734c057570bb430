using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace WaMcp.Tests.Mcp;

public sealed class McpEndpointClientTests
{
    public static TheoryData<string?, string> Versions => new()
    {
        { null, "2026-07-28" },
        { "2026-07-28", "2026-07-28" },
        { "2025-11-25", "2025-11-25" },
        { "2025-06-18", "2025-06-18" },
        { "2025-03-26", "2025-03-26" },
    };

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task ClientsOfBothErasListAndCallTools(string? asked, string spoken)
    {
        await using var server = await TestMcpServer.StartAsync();
        await using var client = await server.ConnectAsync(asked);

        client.NegotiatedProtocolVersion.ShouldBe(spoken);
        client.ServerInfo!.Name.ShouldBe("test");
        var tools = await client.ListToolsAsync();
        tools.Select(tool => tool.Name).ShouldBe(["count", "echo", "fail", "route", "wait", "who"], ignoreOrder: true);
        Text(await client.CallToolAsync("echo", Arguments(("text", "häß 🙂\n")))).ShouldBe("häß 🙂\n");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AToolSeesTheUserAndTheServicesOfItsRequest(string? asked, string spoken)
    {
        await using var server = await TestMcpServer.StartAsync();
        await using var client = await server.ConnectAsync(asked, ("Test-User", "ada"));
        await using var stranger = await server.ConnectAsync(asked);

        client.NegotiatedProtocolVersion.ShouldBe(spoken);
        Text(await client.CallToolAsync("who")).ShouldBe("ada True");
        Text(await stranger.CallToolAsync("who")).ShouldBe("nobody True");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AToolsKnownErrorIsToldAndAnUnknownOneIsNot(string? asked, string spoken)
    {
        await using var server = await TestMcpServer.StartAsync();
        await using var client = await server.ConnectAsync(asked);
        client.NegotiatedProtocolVersion.ShouldBe(spoken);

        var known = await client.CallToolAsync("fail", Arguments(("known", true)));
        known.IsError.ShouldBe(true);
        Text(known).ShouldContain("a known reason");

        var unknown = await client.CallToolAsync("fail", Arguments(("known", false)));
        unknown.IsError.ShouldBe(true);
        Text(unknown).ShouldNotContain("internal matters");

        var missing = await Should.ThrowAsync<McpProtocolException>(async () => await client.CallToolAsync("none"));
        missing.ErrorCode.ShouldBe(McpErrorCode.InvalidParams);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task ProgressArrivesBeforeTheResult(string? asked, string spoken)
    {
        await using var server = await TestMcpServer.StartAsync();
        await using var client = await server.ConnectAsync(asked);
        client.NegotiatedProtocolVersion.ShouldBe(spoken);
        var progress = new Steps(expected: 3, server.Get<SlowCalls>().Seen);

        var result = await client.CallToolAsync("count", Arguments(("to", 3)), progress).AsTask().WaitAsync(TimeSpan.FromSeconds(30));

        Text(result).ShouldBe("counted");
        progress.Seen.ShouldBe([1, 2, 3], ignoreOrder: true);
    }

    [Theory]
    [InlineData("2026-07-28")]
    [InlineData("2025-06-18")]
    public async Task ACallThatTheClientGivesUpIsCancelled(string version)
    {
        await using var server = await TestMcpServer.StartAsync();
        await using var client = await server.ConnectAsync(version);
        var calls = server.Get<SlowCalls>();
        using var patience = new CancellationTokenSource();

        var call = client.CallToolAsync("wait", cancellationToken: patience.Token).AsTask();
        await calls.Started.Task;
        await patience.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => call);
        if (version == "2026-07-28")
        {
            // The older era says so with a notification of its own, which a server without sessions cannot connect with the call.
            await calls.Cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    [Fact]
    public async Task ManyCallsAtOnceGetTheirOwnAnswers()
    {
        await using var server = await TestMcpServer.StartAsync();
        await using var client = await server.ConnectAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(
            async number => Text(await client.CallToolAsync("echo", Arguments(("text", $"call {number}"))))));

        answers.ShouldBe(Enumerable.Range(0, 200).Select(number => $"call {number}"));
    }

    private static string Text(CallToolResult result) =>
        string.Concat(result.Content.OfType<TextContentBlock>().Select(block => block.Text));

    private static Dictionary<string, object?> Arguments(params (string Name, object? Value)[] arguments) =>
        arguments.ToDictionary(argument => argument.Name, argument => argument.Value);

    private sealed class Steps(int expected, TaskCompletionSource all) : IProgress<ProgressNotificationValue>
    {
        private readonly List<float> seen = [];

        public IReadOnlyList<float> Seen => seen;

        public void Report(ProgressNotificationValue value)
        {
            lock (seen)
            {
                seen.Add(value.Progress);
                if (seen.Count == expected)
                {
                    all.SetResult();
                }
            }
        }
    }
}
