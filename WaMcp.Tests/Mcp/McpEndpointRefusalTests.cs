using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Protocol;

namespace WaMcp.Tests.Mcp;

public sealed class McpEndpointRefusalTests : IAsyncLifetime
{
    private const string VersionKey = "io.modelcontextprotocol/protocolVersion";
    private const string CapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";

    private TestMcpServer server = null!;

    public async Task InitializeAsync() => server = await TestMcpServer.StartAsync(("Mcp:MaxRequestBytes", "10000"));

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task ACorrectRequestOfEitherEraIsAnsweredAsAnEventStreamWithoutASession()
    {
        RawMcpRequest[] requests =
            [RawMcpRequest.Stateless(), RawMcpRequest.Initialized(), RawMcpRequest.Initialized().With("MCP-Protocol-Version", null)];
        foreach (var request in requests)
        {
            var answer = await request.SendAsync(server);

            answer.Status.ShouldBe(200);
            answer.ContentType.ShouldBe("text/event-stream");
            answer.HasSession.ShouldBeFalse();
            answer.Message.GetProperty("result").GetProperty("content")[0].GetProperty("text").GetString().ShouldBe("hello");
        }
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    [InlineData("PUT")]
    public async Task OnlyPostIsAllowed(string method)
    {
        var answer = await RawMcpRequest.Stateless().Having(request => request.Method = new HttpMethod(method)).SendAsync(server);

        answer.Status.ShouldBe(405);
        answer.Allow.ShouldBe("POST");
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/event-stream")]
    [InlineData("text/html")]
    [InlineData(null)]
    public async Task TheClientMustAcceptBothKindsOfAnswer(string? accept) =>
        Refused(await RawMcpRequest.Stateless().With("Accept", accept).SendAsync(server), 406, -32000, id: null);

    [Fact]
    public async Task AnythingIsAcceptedByAWildcard() =>
        (await RawMcpRequest.Stateless().With("Accept", "*/*").SendAsync(server)).Status.ShouldBe(200);

    [Fact]
    public async Task ABodyThatIsNotJsonIsRefusedByItsType()
    {
        (await RawMcpRequest.Stateless().Having(request => request.ContentType = "text/plain").SendAsync(server)).Status.ShouldBe(415);
        (await RawMcpRequest.Stateless().Having(request => request.ContentType = null).SendAsync(server)).Status.ShouldBe(415);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("[]")]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"ping"}]""")]
    [InlineData("{}")]
    [InlineData("""{"jsonrpc":"1.0","id":1,"method":"ping"}""")]
    [InlineData("""{"jsonrpc":2,"id":1,"method":"ping"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":5}""")]
    [InlineData("""{"jsonrpc":"2.0","id":null,"method":"ping"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":{},"method":"ping"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{},"_meta":{}}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"a","text":"b"}}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"\ud800"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","params":{"\ud800":1}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping"} trailing""")]
    public async Task ABodyThatIsNotOneJsonRpcMessageIsRefused(string body) =>
        Refused(await RawMcpRequest.Initialized().Saying(body).SendAsync(server), 400, -32600, id: null);

    [Fact]
    public async Task ABodyNestedTooDeeplyIsRefused() => Refused(
        await RawMcpRequest.Initialized().Saying(
            $$"""{"jsonrpc":"2.0","id":1,"method":"x","params":{{new string('[', 2000)}}{{new string(']', 2000)}}}""").SendAsync(server),
        400, -32600, id: null);

    [Fact]
    public async Task ABodyOverTheLimitIsRefused() => Refused(
        await RawMcpRequest.Stateless()
            .Having(request => request.Parameters["arguments"]!["text"] = new string('x', 10_001)).SendAsync(server),
        413, -32000, id: null);

    [Theory]
    [InlineData("2099-01-01")]
    [InlineData("1.0")]
    public async Task AnUnknownVersionIsRefusedWithTheKnownOnes(string version)
    {
        var answer = await RawMcpRequest.Stateless().With("MCP-Protocol-Version", version).SendAsync(server);

        Refused(answer, 400, -32022);
        var data = answer.Message.GetProperty("error").GetProperty("data");
        data.GetProperty("requested").GetString().ShouldBe(version);
        data.GetProperty("supported").EnumerateArray().Select(known => known.GetString()).ShouldBe(["2026-07-28"]);
    }

    [Fact]
    public async Task EveryVersionThatTheSdkSpeaksIsSpoken()
    {
        var known = typeof(RequestMethods).Assembly.GetType("ModelContextProtocol.Protocol.McpProtocolVersions", throwOnError: true)!
            .GetField("SupportedProtocolVersions", BindingFlags.Static | BindingFlags.NonPublic)!.GetValue(null).ShouldBeOfType<string[]>();

        foreach (var version in known)
        {
            var request = string.CompareOrdinal(version, "2026-07-28") < 0 ? RawMcpRequest.Initialized() : RawMcpRequest.Stateless();
            (await request.With("MCP-Protocol-Version", version).SendAsync(server)).Status.ShouldBe(200, version);
        }
    }

    [Fact]
    public async Task HeaderAndBodyMustNameTheSameVersion()
    {
        Refused(
            await RawMcpRequest.Stateless().Having(request => request.Metadata[VersionKey] = "2025-11-25").SendAsync(server), 400, -32020);
        Refused(await RawMcpRequest.Stateless().With("MCP-Protocol-Version", "2025-11-25").SendAsync(server), 400, -32020);
        Refused(await RawMcpRequest.Stateless().With("MCP-Protocol-Version", null).SendAsync(server), 400, -32020);
        Refused(
            await RawMcpRequest.Initialized().Having(request =>
            {
                request.Body["method"] = "initialize";
                request.Parameters["protocolVersion"] = "2025-06-18";
            }).SendAsync(server),
            400, -32020, id: "7");
    }

    [Fact]
    public async Task TheMethodHeaderMustRepeatTheMethod()
    {
        Refused(await RawMcpRequest.Stateless().With("Mcp-Method", null).SendAsync(server), 400, -32020);
        Refused(await RawMcpRequest.Stateless().With("Mcp-Method", "tools/list").SendAsync(server), 400, -32020);
        Refused(await RawMcpRequest.Stateless().With("Mcp-Method", "Tools/Call").SendAsync(server), 400, -32020);
    }

    [Fact]
    public async Task TheNameHeaderMustRepeatTheName()
    {
        Refused(await RawMcpRequest.Stateless().With("Mcp-Name", null).SendAsync(server), 400, -32020);
        Refused(await RawMcpRequest.Stateless().With("Mcp-Name", "who").SendAsync(server), 400, -32020);
        Refused(await RawMcpRequest.Stateless().With("Mcp-Name", "=?base64?###?=").SendAsync(server), 400, -32020);
        (await RawMcpRequest.Stateless().Having(request => request.Parameters["name"] = 5).SendAsync(server)).Status.ShouldBe(400);
        Refused(await RawMcpRequest.Stateless().Having(request => request.Parameters.Remove("name")).SendAsync(server), 400, -32020);
        Refused(await RawMcpRequest.Stateless("prompts/get").SendAsync(server), 400, -32020);
        Refused(await RawMcpRequest.Stateless("resources/read").With("Mcp-Name", "a://b").SendAsync(server), 400, -32020);
    }

    [Fact]
    public async Task BrokenTextIsRefused() => Refused(
        await RawMcpRequest.Stateless().Saying(
            RawMcpRequest.Stateless().Body.ToJsonString().Replace("\"echo\"", "\"\\ud800\"", StringComparison.Ordinal)).SendAsync(server),
        400, -32600, id: null);

    [Fact]
    public async Task ANameOutsideAsciiComesEncoded()
    {
        var encoded = $"=?base64?{Convert.ToBase64String(Encoding.UTF8.GetBytes("grüße"))}?=";
        var answer = await RawMcpRequest.Stateless().With("Mcp-Name", encoded)
            .Having(request => request.Parameters["name"] = "grüße").SendAsync(server);

        // Past the headers: there is no such tool.
        answer.Status.ShouldBe(200);
        answer.ErrorCode.ShouldBe(-32602);
        answer.Id.ShouldBe("call-7");
    }

    [Theory]
    [InlineData("north", 42, "north", "42", true)]
    [InlineData("north", 42, "north", "42.0", true)]
    [InlineData("süd", 42, "=?base64?c8O8ZA==?=", "42", true)]
    [InlineData(null, null, null, null, true)]
    [InlineData("north", 42, "south", "42", false)]
    [InlineData("north", 42, null, "42", false)]
    [InlineData("north", 42, "north", "43", false)]
    [InlineData("north", 42, "north", "42.5", false)]
    [InlineData("north", 42, "north", "forty-two", false)]
    [InlineData("north", 42, "=?base64?###?=", "42", false)]
    public async Task AnArgumentRepeatedInAHeaderMustBeTheSame(
        string? region, int? shard, string? regionHeader, string? shardHeader, bool passes)
    {
        var answer = await RawMcpRequest.Stateless()
            .With("Mcp-Name", "route").With("Mcp-Param-Region", regionHeader).With("Mcp-Param-Shard", shardHeader)
            .Having(request =>
            {
                request.Parameters["name"] = "route";
                request.Parameters["arguments"] = new JsonObject { ["region"] = region, ["shard"] = shard };
            }).SendAsync(server);

        if (passes)
        {
            answer.Status.ShouldBe(200);
            answer.Message.GetProperty("result").GetProperty("content")[0].GetProperty("text").GetString().ShouldBe($"{region} {shard}");
        }
        else
        {
            Refused(answer, 400, -32020);
        }
    }

    [Fact]
    public async Task AnIntegerThatADoubleCannotHoldIsRefusedEvenIfBothSidesAgree() => Refused(
        await RawMcpRequest.Stateless().With("Mcp-Name", "route").With("Mcp-Param-Shard", "9007199254740993").Having(request =>
        {
            request.Parameters["name"] = "route";
            request.Parameters["arguments"] = new JsonObject { ["shard"] = 9007199254740993 };
        }).SendAsync(server), 400, -32020);

    [Fact]
    public async Task EachStatelessRequestCarriesItsMetadata()
    {
        await RefusedAsync(request => request.Metadata.Remove(VersionKey));
        await RefusedAsync(request => request.Metadata[VersionKey] = 5);
        await RefusedAsync(request => request.Metadata.Remove(CapabilitiesKey));
        await RefusedAsync(request => request.Metadata[CapabilitiesKey] = "all");
        await RefusedAsync(request => request.Parameters.Remove("_meta"));
        Refused(await RawMcpRequest.Stateless("tools/list").Having(request => request.Body.Remove("params")).SendAsync(server), 400, -32602);

        async Task RefusedAsync(Action<RawMcpRequest> change) =>
            Refused(await RawMcpRequest.Stateless().Having(change).SendAsync(server), 400, -32602);
    }

    [Theory]
    [InlineData("initialize")]
    [InlineData("ping")]
    [InlineData("logging/setLevel")]
    [InlineData("resources/subscribe")]
    [InlineData("resources/unsubscribe")]
    [InlineData("no/such/method")]
    public async Task AMethodThatTheStatelessRevisionDoesNotHaveIsNotFound(string method) =>
        Refused(await RawMcpRequest.Stateless(method).SendAsync(server), 404, -32601);

    [Fact]
    public async Task AnUnknownMethodOfTheOlderEraIsAnErrorInAnAnswer()
    {
        var answer = await RawMcpRequest.Initialized().Having(request => request.Body["method"] = "no/such/method").SendAsync(server);

        answer.Status.ShouldBe(200);
        answer.ErrorCode.ShouldBe(-32601);
        answer.Id.ShouldBe("7");
    }

    [Fact]
    public async Task ANotificationIsAcceptedWithoutAnAnswer()
    {
        RawMcpRequest[] requests =
        [
            RawMcpRequest.Stateless("notifications/cancelled"),
            RawMcpRequest.Initialized().Having(older => older.Body["method"] = "notifications/initialized"),
        ];
        foreach (var request in requests)
        {
            request.Body.Remove("id");
            var answer = await request.SendAsync(server);

            answer.Status.ShouldBe(202);
            answer.ContentType.ShouldBeNull();
            answer.Body.ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task ANotificationNeedsNoMetadataButRightHeaders()
    {
        var request = RawMcpRequest.Stateless("notifications/cancelled").Having(bare =>
        {
            bare.Body.Remove("id");
            bare.Parameters.Remove("_meta");
        });
        (await request.SendAsync(server)).Status.ShouldBe(202);

        Refused(await request.With("Mcp-Method", "notifications/other").SendAsync(server), 400, -32020, id: null);
    }

    [Fact]
    public async Task ASessionIsIgnoredByTheStatelessRevisionAndRefusedToTheOlderOnes()
    {
        (await RawMcpRequest.Stateless().With("Mcp-Session-Id", "s").With("Last-Event-ID", "e").SendAsync(server)).Status.ShouldBe(200);
        Refused(await RawMcpRequest.Initialized().With("Mcp-Session-Id", "s").SendAsync(server), 400, -32000, id: "7");
    }

    [Theory]
    [InlineData("https://evil.example", null, 403)]
    [InlineData("http://evil.example:8080", "evil.example:8080", 403)]
    [InlineData("null", null, 403)]
    [InlineData("http://localhost.evil.example", null, 403)]
    [InlineData("http://localhost:6274", "evil.example", 403)]
    [InlineData("http://localhost:6274", null, 200)]
    [InlineData("http://127.0.0.1", "localhost", 200)]
    [InlineData(null, "any.example", 200)]
    public async Task APageOfAStrangerIsRefused(string? origin, string? host, int status)
    {
        var answer = await RawMcpRequest.Stateless().With("Origin", origin).With("Host", host).SendAsync(server);

        answer.Status.ShouldBe(status);
        if (status == 403)
        {
            Refused(answer, 403, -32000, id: null);
        }
    }

    [Fact]
    public async Task APageThatTheOperatorAllowsIsServed()
    {
        await using var open = await TestMcpServer.StartAsync(("Mcp:AllowedOrigins:0", "https://console.example.com"));

        (await RawMcpRequest.Stateless().With("Origin", "https://console.example.com").SendAsync(open)).Status.ShouldBe(200);
        (await RawMcpRequest.Stateless().With("Origin", "https://console.example.com:8443").SendAsync(open)).Status.ShouldBe(403);
    }

    [Theory]
    [InlineData("Mcp:AllowedOrigins:0", "console.example.com")]
    [InlineData("Mcp:AllowedOrigins:0", "https://console.example.com/path")]
    [InlineData("Mcp:MaxRequestBytes", "0")]
    public async Task AWrongSettingIsNamedAtStart(string setting, string value) =>
        (await Should.ThrowAsync<OptionsValidationException>(() => TestMcpServer.StartAsync((setting, value))))
            .Message.ShouldContain(setting.TrimEnd('0').TrimEnd(':'));

    private static void Refused(RawMcpAnswer answer, int status, int code, string? id = "call-7")
    {
        answer.Status.ShouldBe(status, answer.Body);
        answer.ErrorCode.ShouldBe(code, answer.Body);
        answer.Id.ShouldBe(id, answer.Body);
        answer.Error.ShouldNotBeNullOrWhiteSpace();
        answer.Message.GetProperty("jsonrpc").GetString().ShouldBe("2.0");
        answer.HasSession.ShouldBeFalse();
    }
}
