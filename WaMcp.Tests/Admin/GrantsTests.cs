namespace WaMcp.Tests.Admin;

public sealed class GrantsTests
{
    [Fact]
    public async Task AddsListsAndRevokesAGrant()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();

        var added = await console.DoAsync(
            "grants", "add", "--client", "acme", "--phone", "support", "--tools", "send_message,get_messages", "--daily-cap", "500");
        added.GetProperty("id").GetString().ShouldStartWith("grt_");
        added.GetProperty("client").GetString().ShouldBe("acme");
        added.GetProperty("channel").GetString().ShouldBe("support");
        added.GetProperty("tools").EnumerateArray().Select(tool => tool.GetString()).ShouldBe(["get_messages", "send_message"]);
        added.GetProperty("dailyMessageCap").GetInt32().ShouldBe(500);
        added.GetProperty("state").GetString().ShouldBe("active");

        var table = await console.RunAsync("grants", "list", "--client", "acme");
        table.Lines.Length.ShouldBe(2);
        table.Lines[1].ShouldMatch("^grt_[0-9a-z]{26}  acme    support  active  500 .* get_messages,send_message$");

        var revoked = await console.RunAsync("grants", "revoke", "--client", "acme", "--phone", "support");
        revoked.ExitCode.ShouldBe(0);
        revoked.Lines[1].ShouldContain("revoked");
        (await console.DoAsync("grants", "list")).EnumerateArray().ShouldHaveSingleItem().GetProperty("state").GetString().ShouldBe("revoked");
    }

    [Fact]
    public async Task ClientAndChannelAreNamedByIdNameAndPhoneNumberIdAlike()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        var client = (await console.DoAsync("clients", "list"))[0];
        var channel = (await console.DoAsync("channels", "list"))[0];

        foreach (var named in new[] { client.GetProperty("id"), client.GetProperty("slug") })
        {
            foreach (var (option, on) in new[]
            {
                ("--phone", channel.GetProperty("id")), ("--channel", channel.GetProperty("name")), ("--phone", channel.GetProperty("phoneNumberId")),
            })
            {
                var added = await console.DoAsync("grants", "add", "--client", named.GetString()!, option, on.GetString()!, "--tools", "ping");
                added.GetProperty("clientId").GetString().ShouldBe(client.GetProperty("id").GetString());
                added.GetProperty("channelId").GetString().ShouldBe(channel.GetProperty("id").GetString());
                added.GetProperty("dailyMessageCap").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
                await console.DoAsync("grants", "revoke", "--client", named.GetString()!, option, on.GetString()!);
            }
        }
    }

    [Fact]
    public async Task ASecondGrantOnAChannelReplacesTheFirst()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        await console.DoAsync("grants", "add", "--client", "acme", "--phone", "support", "--tools", "ping");
        await console.DoAsync("grants", "add", "--client", "acme", "--phone", "support", "--tools", "send_message");

        var grants = (await console.DoAsync("grants", "list")).EnumerateArray().ToList();
        grants.Select(grant => grant.GetProperty("state").GetString()).ShouldBe(["revoked", "active"]);
    }

    [Fact]
    public async Task ListsOneClientsGrantsOnly()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        await console.DoAsync("clients", "create", "--name", "other", "--display-name", "Other");
        await console.DoAsync("grants", "add", "--client", "acme", "--phone", "support", "--tools", "ping");
        await console.DoAsync("grants", "add", "--client", "other", "--phone", "support", "--tools", "ping");

        (await console.DoAsync("grants", "list")).GetArrayLength().ShouldBe(2);
        (await console.DoAsync("grants", "list", "--client", "other")).EnumerateArray().ShouldHaveSingleItem()
            .GetProperty("client").GetString().ShouldBe("other");
        (await console.RunAsync("grants", "list", "--client", "nobody")).ShouldFail(3, "'nobody'");
    }

    [Fact]
    public async Task AnUnknownToolIsRefusedWithTheListOfTools()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();

        (await console.RunAsync("grants", "add", "--client", "acme", "--phone", "support", "--tools", "send_message,sendmessage"))
            .ShouldFail(2, "--tools: 'sendmessage' is not a tool", "send_message");
        (await console.RunAsync("grants", "add", "--client", "acme", "--phone", "support", "--tools", ",")).ShouldFail(2, "--tools:", "at least one");
        (await console.RunAsync("grants", "add", "--client", "acme", "--phone", "support", "--tools", "*")).ShouldFail(2, "--tools: '*'");
    }

    [Theory]
    [InlineData("many", "'many' is not a whole number")]
    [InlineData("1.5", "'1.5' is not a whole number")]
    [InlineData("99999999999", "'99999999999' is not a whole number")]
    [InlineData("-1", "0 or more")]
    public async Task ADailyCapIsAWholeNumber(string cap, string problem)
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();

        (await console.RunAsync("grants", "add", "--client", "acme", "--phone", "support", "--tools", "ping", "--daily-cap", cap))
            .ShouldFail(2, "--daily-cap:", problem);
    }

    [Fact]
    public async Task WhatDoesNotExistIsNotFound()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();

        (await console.RunAsync("grants", "add", "--client", "nobody", "--phone", "support", "--tools", "ping")).ShouldFail(3, "client 'nobody'");
        (await console.RunAsync("grants", "add", "--client", "acme", "--phone", "nowhere", "--tools", "ping")).ShouldFail(3, "channel 'nowhere'", "admin channels list");
        (await console.RunAsync("grants", "revoke", "--client", "acme", "--phone", "support")).ShouldFail(3, "acme holds no grant on support");
    }
}
