using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Admin;

/// <summary>What an operator does at the console is what the server goes by, from the next request on.</summary>
[Collection(SharedSystemTests.Name)]
public sealed class ConsoleAndServerTests(SharedSystem shared) : IAsyncLifetime
{
    private readonly WaMcpSystem system = shared.System;
    private readonly AdminConsole console = AdminConsole.Of(shared.System);
    private readonly string client = $"client-{Guid.NewGuid().ToString("N")[..12]}";
    private string support = null!;
    private string sales = null!;

    public async Task InitializeAsync()
    {
        support = (await system.Console.ChannelAsync()).Name;
        sales = (await system.Console.ChannelAsync(ConsoleDriver.SalesNumber)).Name;
        await console.DoAsync("clients", "create", "--name", client, "--display-name", "From the console");
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task AKeyIsMintedListedUsedAndRevokedAndIsThen401()
    {
        var (id, token) = await MintAsync("tools:ping");
        (await StateAsync(id)).ShouldBe("active");
        (await system.Mcp(token).ResultAsync("ping")).GetProperty("client").GetString().ShouldBe(client);

        await console.DoAsync("keys", "revoke", id);

        (await StateAsync(id)).ShouldBe("revoked");
        (await system.Mcp(token).CallAsync("ping")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task AGrantIsAddedUsedAndRevokedAndIsThenDenied()
    {
        var (_, token) = await MintAsync($"tools:get_messages,numbers:{support}");
        Task<RawAnswer> UseAsync() => system.Mcp(token).CallAsync("get_messages", new { channel = support });
        (await UseAsync()).Reason.ShouldBe("grant_denied");

        await console.DoAsync("grants", "add", "--client", client, "--phone", support, "--tools", "get_messages");
        (await UseAsync()).IsError.ShouldBeFalse();

        await console.DoAsync("grants", "revoke", "--client", client, "--phone", support);
        var denied = await UseAsync();
        (denied.Status, denied.ErrorCode, denied.Reason).ShouldBe((403, -32001, "grant_denied"));
        await system.AuditAsync(await IdAsync(), "grant_denied", atLeast: 2);
    }

    [Fact]
    public async Task AKeyForSendingOverItsNumberSendsThereAndDoesNothingElse()
    {
        await console.DoAsync("grants", "add", "--client", client, "--phone", support, "--tools", "send_message");
        var (_, token) = await MintAsync($"tools:send_message,numbers:{support}");
        var mcp = system.Mcp(token);

        (await mcp.ResultAsync("send_message", new { channel = support, to = "+15550100100", text = "hi" })).GetProperty("state").GetString().ShouldBe("queued");
        (await mcp.CallAsync("get_messages", new { channel = support })).Reason.ShouldBe("scope_denied");
        (await mcp.CallAsync("send_message", new { phoneNumberId = ConsoleDriver.SalesNumber, to = "+15550100100", text = "no" })).Reason.ShouldBe("grant_denied");
        (await mcp.CallAsync("send_message", new { channel = sales, to = "+15550100100", text = "no" })).Reason.ShouldBe("grant_denied");
    }

    [Fact]
    public async Task AClientIsDisabledAndEveryOneOfItsKeysIs401UntilItIsEnabledAgain()
    {
        var tokens = new[] { (await MintAsync("tools:ping")).Token, (await MintAsync("tools:list_channels")).Token };
        async Task<int[]> StatusesAsync() =>
            [(await system.Mcp(tokens[0]).CallAsync("ping")).Status, (await system.Mcp(tokens[1]).CallAsync("list_channels")).Status];
        (await StatusesAsync()).ShouldBe([200, 200]);

        await console.DoAsync("clients", "disable", client);
        (await StatusesAsync()).ShouldBe([401, 401]);

        await console.DoAsync("clients", "enable", client);
        (await StatusesAsync()).ShouldBe([200, 200]);
    }

    private async Task<(string Id, string Token)> MintAsync(string scopes)
    {
        var run = await console.RunAsync("keys", "mint", "--client", client, "--label", "from the console", "--scopes", scopes, "--output", "json");
        run.ExitCode.ShouldBe(0);
        return (run.Json.GetProperty("id").GetString()!, run.ErrLines[^1]);
    }

    private async Task<string?> StateAsync(string key)
    {
        var keys = await console.DoAsync("keys", "list", "--client", client);
        return keys.EnumerateArray().Single(each => each.GetProperty("id").GetString() == key).GetProperty("state").GetString();
    }

    private async Task<ClientId> IdAsync() => new(await system.QueryAsync<Guid>("SELECT id FROM clients WHERE slug = $1", client));
}
