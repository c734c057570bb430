using Microsoft.AspNetCore.Http;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Auth;

[Collection(SharedSystemTests.Name)]
public sealed class AuthorizationTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    [Fact]
    public async Task AToolOutsideTheScopesIsScopeDenied()
    {
        var client = await system.Console.OnboardAsync(tools: ["send_message"]);

        var answer = await system.Mcp(client.Token).CallAsync("get_messages", new { channel = client.Channel.Name });

        ShouldBeDenied(answer, "scope_denied");
        (await system.AuditAsync(client.Client.Id, AuditAction.ScopeDenied)).ShouldNotContain(AuditAction.ToolCalled);
    }

    [Fact]
    public async Task AChannelWithoutAGrantIsGrantDenied()
    {
        var client = await system.Console.OnboardAsync();
        var other = await system.Console.ChannelAsync(ConsoleDriver.SalesNumber);

        var answer = await system.Mcp(client.Token).CallAsync("send_message", new { phoneNumberId = other.ProviderId, to = "+15550100100", text = "no" });

        ShouldBeDenied(answer, "grant_denied");
        await system.AuditAsync(client.Client.Id, AuditAction.GrantDenied);
    }

    [Theory]
    [InlineData("channel")]
    [InlineData("phoneNumberId")]
    [InlineData("phone_number_id")]
    [InlineData("phone")]
    public async Task EveryWordForAChannelAndEveryNameOfItMeetTheSameGate(string word)
    {
        var client = await system.Console.OnboardAsync();
        var other = await system.Console.ChannelAsync(ConsoleDriver.SalesNumber);
        Task<RawAnswer> NamingAsync(string name) => system.Mcp(client.Token).CallAsync("get_messages", new Dictionary<string, string> { [word] = name });

        foreach (var name in new Func<Channel, string>[] { channel => channel.Id.ToString(), channel => channel.Name, channel => channel.ProviderId })
        {
            (await NamingAsync(name(client.Channel))).IsError.ShouldBeFalse();
            ShouldBeDenied(await NamingAsync(name(other)), "grant_denied");
        }
    }

    [Fact]
    public async Task AToolNamedTwiceIsNoWayAround()
    {
        // The member given twice: whichever the gate reads, the tool that runs is checked again.
        var client = await system.Console.OnboardAsync(tools: ["ping"]);
        const string body = """
            {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_channels","arguments":{}},"params":{"name":"ping","arguments":{},
            "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}
            """;

        var answer = await system.Mcp(client.Token).PostAsync(body, "tools/call", "ping");

        answer.Body.ShouldNotContain("\"channels\"");
        answer.Status.ShouldBeLessThan(500);
    }

    [Fact]
    public async Task ToolsListShowsOnlyWhatTheKeyMayCall()
    {
        var client = await system.Console.OnboardAsync(tools: ["ping", "send_message"]);
        await using var mcp = await system.Mcp(client.Token).ConnectAsync();
        (await mcp.ListToolsAsync()).Select(tool => tool.Name).ShouldBe(["ping", "send_message"]);
    }

    [Fact]
    public async Task ListChannelsShowsOnlyWhatWasGranted()
    {
        var client = await system.Console.OnboardAsync(tools: ["list_channels", "send_message"]);
        await system.Console.ChannelAsync(ConsoleDriver.SalesNumber);

        var channels = (await system.Mcp(client.Token).ResultAsync("list_channels")).GetProperty("channels");

        channels.GetArrayLength().ShouldBe(1);
        channels[0].GetProperty("id").GetString().ShouldBe(client.Channel.Id.ToString());
        channels[0].GetProperty("tools").EnumerateArray().Select(tool => tool.GetString()).ShouldBe(["list_channels", "send_message"]);
    }

    [Fact]
    public async Task AnUnknownToolIsAProtocolErrorForWhoeverMayCallEverything()
    {
        var owner = await OwnerAsync();
        var answer = await system.Mcp(owner).CallAsync("no_such_tool");
        answer.Status.ShouldBe(StatusCodes.Status200OK);
        answer.ErrorCode.ShouldBe(-32602);
    }

    private static void ShouldBeDenied(RawAnswer answer, string reason)
    {
        answer.Status.ShouldBe(StatusCodes.Status403Forbidden, answer.ToString());
        answer.ErrorCode.ShouldBe(-32001);
        answer.Reason.ShouldBe(reason);
        answer.Message.GetProperty("id").GetInt32().ShouldBe(7);
    }

    private async Task<string> OwnerAsync()
    {
        var owner = await system.Console.ClientAsync(isOwner: true);
        var (_, token) = await system.Console.MintAsync(owner, ["tools:*", "numbers:*"]);
        return token;
    }
}
