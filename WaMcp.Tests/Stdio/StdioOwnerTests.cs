using System.Text.Json;
using ModelContextProtocol.Client;
using WaMcp.Domain.Audit;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Stdio;

/// <summary>What the owner may do over stdio, and what stays of it.</summary>
[Collection(nameof(StdioSystem))]
public sealed class StdioOwnerTests(StdioSystem stdio)
{
    private readonly WaMcpSystem system = stdio.System;
    private readonly StdioDriver server = stdio.Server;

    [Theory]
    [InlineData(null)]
    [InlineData("2025-06-18")]
    public async Task TheOfficialClientSeesEveryToolAndItsTextReachesTheCustomer(string? protocolVersion)
    {
        await using var client = await McpClient.CreateAsync(
            new StdioClientTransport(new StdioClientTransportOptions
            {
                Command = "dotnet",
                Arguments = [ProgramProcess.Built("WaMcp.Server"), "--stdio"],
                EnvironmentVariables = StdioSystem.Environment(system.Database.App),
            }),
            new McpClientOptions { ProtocolVersion = protocolVersion });

        (await client.ListToolsAsync()).Select(tool => tool.Name).ShouldBe(ConsoleDriver.AllTools.Order(StringComparer.Ordinal));
        (await ResultAsync("ping")).GetProperty("client").GetString().ShouldBe(stdio.Owner.Slug);
        (await ResultAsync("list_channels")).GetProperty("channels").EnumerateArray().Select(channel => channel.GetProperty("id").GetString())
            .ShouldBe([stdio.Channel.Id.ToString()]);
        var id = (await ResultAsync("send_message", ("channel", stdio.Channel.Name), ("to", "+15550100100"), ("text", "from the owner")))
            .GetProperty("messageId").GetString()!;
        await Eventually.GetAsync(
            "the message is read",
            async () => (await ResultAsync("get_message", ("messageId", id))).GetProperty("state").GetString(),
            state => state == "read");
        (await system.Sandbox.SendsToAsync(id)).Count.ShouldBe(1);

        async Task<JsonElement> ResultAsync(string tool, params (string Name, object? Value)[] arguments)
        {
            var result = await client.CallToolAsync(tool, arguments.ToDictionary(argument => argument.Name, argument => argument.Value));
            result.IsError.ShouldNotBe(true);
            return result.StructuredContent!.Value;
        }
    }

    [Fact]
    public async Task StdioModeProducesAuditRowsWithoutAnApiKeyAndWithItsTransport()
    {
        var message = Result(await server.CallAsync("send_message", new { channel = stdio.Channel.Name, to = "+15550100100", text = "x" }))
            .GetProperty("messageId").GetString()!;

        var request = (await system.QueryAsync<string>("SELECT request_id FROM messages WHERE id = $1", Id(message)))!;
        (await RowAsync(request, AuditAction.ToolCalled)).ShouldBe("""send_message|no key|tests/1|no address|{"transport": "stdio"}""");
        (await RowAsync(request, AuditAction.SendAttempt)).ShouldBe("no tool|no key|no program|no address|");
        (await system.QueryAsync<bool>("SELECT bool_and(api_key_id IS NULL) FROM audit_log WHERE client_id = $1", stdio.Owner.Id.Value)).ShouldBeTrue();
    }

    [Fact]
    public async Task AChannelWithoutAGrantIsGrantDeniedForTheOwnerToo()
    {
        var other = await system.Console.ChannelAsync(ConsoleDriver.SalesNumber);

        var answer = await server.CallAsync("send_message", new { channel = other.Name, to = "+15550100100", text = "no" });

        ShouldBeRefused(answer, "grant_denied");
        (await RowsAsync(AuditAction.GrantDenied, "send_message")).ShouldBe("""send_message|no key|tests/1|no address|{"transport": "stdio"}""");
    }

    [Fact]
    public async Task AGrantThatIsGivenOrTakenBackIsInForceOnTheNextCall()
    {
        var other = await system.Console.ChannelAsync(ConsoleDriver.SalesNumber);
        ShouldBeRefused(await server.CallAsync("get_messages", new { channel = other.Name }), "grant_denied");

        await system.Console.GrantAsync(stdio.Owner, other);
        Result(await server.CallAsync("get_messages", new { channel = other.Name }));

        await system.Console.RevokeGrantAsync(stdio.Owner, other);
        ShouldBeRefused(await server.CallAsync("get_messages", new { channel = other.Name }), "grant_denied");
    }

    [Fact]
    public async Task ADisabledOwnerIsRefusedFromTheNextRequestOn()
    {
        Result(await server.CallAsync("ping"));

        await system.Console.EnableAsync(stdio.Owner, enabled: false);
        try
        {
            ShouldBeRefused(await server.CallAsync("ping"), "auth_failed").ShouldContain("The owner is disabled");
            ShouldBeRefused(await server.AskAsync("tools/list", new { }), "auth_failed");
        }
        finally
        {
            await system.Console.EnableAsync(stdio.Owner, enabled: true);
        }

        Result(await server.CallAsync("ping"));
        (await RowsAsync(AuditAction.AuthFailed, "no tool")).ShouldBe("""no tool|no key|tests/1|no address|{"reason": "client_disabled", "transport": "stdio"}""");
    }

    [Fact]
    public async Task ACallOfAToolThatDoesNotExistLeavesItsRow()
    {

        var error = (await server.CallAsync("no_such_tool")).GetProperty("error");

        error.GetProperty("code").GetInt32().ShouldBe(-32602);
        (await RowsAsync(AuditAction.ToolCalled, "tools/call")).ShouldBe("""tools/call|no key|tests/1|no address|{"transport": "stdio"}""");
    }

    private static JsonElement Result(JsonElement answer)
    {
        answer.TryGetProperty("result", out var result).ShouldBeTrue(answer.ToString());
        (result.TryGetProperty("isError", out var isError) && isError.GetBoolean()).ShouldBeFalse(answer.ToString());
        return result.GetProperty("structuredContent");
    }

    private static string ShouldBeRefused(JsonElement answer, string reason)
    {
        answer.TryGetProperty("error", out var error).ShouldBeTrue(answer.ToString());
        error.GetProperty("code").GetInt32().ShouldBe(-32001);
        error.GetProperty("data").GetProperty("reason").GetString().ShouldBe(reason);
        return error.GetProperty("message").GetString()!;
    }

    private static Guid Id(string message) =>
        Domain.Data.TypedId.TryParse<Domain.Messages.MessageId>(message, out var id) ? id.Value : throw new FormatException(message);

    private const string Columns =
        "concat_ws('|', coalesce(tool_name, 'no tool'), coalesce(api_key_id::text, 'no key'), coalesce(user_agent, 'no program'), "
        + "coalesce(ip, 'no address'), coalesce(metadata::text, ''))";

    private Task<string?> RowAsync(string request, string action) => Eventually.GetAsync(
        $"a row {action}",
        () => system.QueryAsync<string>($"SELECT {Columns} FROM audit_log WHERE request_id = $1 AND action = $2", request, action),
        row => row is not null);

    // All that the owner's rows of this kind say, once.
    private Task<string?> RowsAsync(string action, string tool) => Eventually.GetAsync(
        $"a row {action} of {tool}",
        () => system.QueryAsync<string>(
            $"SELECT string_agg(DISTINCT {Columns}, ' and ') FROM audit_log WHERE client_id = $1 AND action = $2 AND coalesce(tool_name, 'no tool') = $3",
            stdio.Owner.Id.Value,
            action,
            tool),
        rows => rows is not null);
}
