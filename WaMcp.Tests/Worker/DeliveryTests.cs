using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.Worker;

[Collection(SharedSystemTests.Name)]
public sealed class DeliveryTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    [Fact]
    public async Task AfterADailyCapOfThreeTheFourthSendFails()
    {
        var client = await system.Console.OnboardAsync(dailyCap: 3);
        var mcp = system.Mcp(client.Token);
        var ids = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            ids.Add(await SendAsync(client, $"cap {i}"));
            await SettledAsync(mcp, ids[i]);
        }

        foreach (var id in ids[..3])
        {
            await MessageTests.StateAsync(mcp, id, "read");
        }

        var fourth = await MessageTests.StateAsync(mcp, ids[3], "failed");
        fourth.GetProperty("error").GetProperty("reason").GetString().ShouldBe("daily_cap");
        fourth.GetProperty("error").GetProperty("message").GetString()!.ShouldContain("3 messages in 24 hours");
        (await system.AuditAsync(client.Client.Id, "send_failed")).Count(action => action == "send_attempt").ShouldBe(3);
        (await system.Sandbox.SendsToAsync(ids[3])).ShouldBeEmpty();
    }

    [Fact]
    public async Task AMessageThatTheProviderRefusedGivesItsPlacesInTheCapsBack()
    {
        var client = await system.Console.OnboardAsync(dailyCap: 1, daily: 1);
        var mcp = system.Mcp(client.Token);
        var to = await NewCustomerAsync();
        await FaultAsync(to, new JsonObject { ["code"] = 131026, ["count"] = 1 });
        await MessageTests.StateAsync(mcp, await SendAsync(client, "refused", to), "failed");
        await MessageTests.StateAsync(mcp, await SendAsync(client, "the one message of the day", to), "read");
        var third = await MessageTests.StateAsync(mcp, await SendAsync(client, "one too many", to), "failed");
        third.GetProperty("error").GetProperty("reason").GetString().ShouldBe("daily_cap");
    }

    [Fact]
    public async Task TheKeysOwnDailyLimitCountsAsWell()
    {
        var client = await system.Console.OnboardAsync(daily: 1);
        var mcp = system.Mcp(client.Token);
        await MessageTests.StateAsync(mcp, await SendAsync(client, "one"), "read");
        await MessageTests.StateAsync(mcp, await SendAsync(client, "two"), "failed");
    }

    [Fact]
    public async Task ARefusalIsFinalAndSaysWhy()
    {
        var client = await system.Console.OnboardAsync();
        var to = await NewCustomerAsync();
        await FaultAsync(to, new JsonObject { ["code"] = 131026, ["count"] = 1 });

        var id = await SendAsync(client, "refused", to);

        var failed = await MessageTests.StateAsync(system.Mcp(client.Token), id, "failed");
        failed.GetProperty("error").GetProperty("reason").GetString().ShouldBe("undeliverable:131026");
        (await system.Sandbox.SendsToAsync(id)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task ABusyProviderIsAskedAgain()
    {
        var client = await system.Console.OnboardAsync();
        var to = await NewCustomerAsync();
        await FaultAsync(to, new JsonObject { ["code"] = 130429, ["count"] = 1 });

        var id = await SendAsync(client, "again", to);

        await MessageTests.StateAsync(system.Mcp(client.Token), id, "read");
        (await system.Sandbox.SendsToAsync(id)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task AnAnswerThatNeverCameIsSettledByTheStatusAndNeverSentAgain()
    {
        var client = await system.Console.OnboardAsync();
        var to = await NewCustomerAsync();
        await FaultAsync(to, new JsonObject { ["mode"] = "drop_after", ["count"] = 1 });

        var id = await SendAsync(client, "lost answer", to);

        var settled = await MessageTests.StateAsync(system.Mcp(client.Token), id, "read");
        settled.TryGetProperty("error", out _).ShouldBeFalse("the doubt is settled");
        (await system.Sandbox.SendsToAsync(id)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task AFailureInsideTheProviderIsNotSentAgain()
    {
        var client = await system.Console.OnboardAsync();
        var to = await NewCustomerAsync();
        await FaultAsync(to, new JsonObject { ["code"] = 131000, ["httpStatus"] = 500, ["count"] = 1 });

        var id = await SendAsync(client, "generic failure", to);

        await MessageTests.StateAsync(system.Mcp(client.Token), id, "unknown");
        (await system.Sandbox.SendsToAsync(id)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task ARequestThatWasCutOffStaysUnknownAndIsNotSentAgain()
    {
        var client = await system.Console.OnboardAsync();
        var to = await NewCustomerAsync();
        await FaultAsync(to, new JsonObject { ["mode"] = "drop_before", ["count"] = 1 });

        var id = await SendAsync(client, "cut off", to);

        var unknown = await MessageTests.StateAsync(system.Mcp(client.Token), id, "unknown");
        unknown.GetProperty("error").GetProperty("reason").GetString().ShouldBe("unknown_outcome");
        (await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind = 'Deliver' AND client_id = $1", client.Client.Id.Value)).ShouldBe(0);
    }

    [Theory]
    [InlineData("client disabled", "client_disabled")]
    [InlineData("key revoked", "key_revoked")]
    [InlineData("grant revoked", "grant_denied")]
    [InlineData("tool taken from the grant", "grant_denied")]
    public async Task WhatAnOperatorTookBackStopsWhatIsQueued(string takenBack, string reason)
    {
        var client = await system.Console.OnboardAsync();
        var to = await NewCustomerAsync();
        await FaultAsync(to, new JsonObject { ["code"] = 130429, ["count"] = 0 }); // until the operator has acted, however long that takes
        await SendAsync(client, "queued", to);
        await Eventually.TrueAsync("put off", async () => await system.QueryAsync<string>(
            "SELECT last_error FROM jobs WHERE kind = 'Deliver' AND client_id = $1", client.Client.Id.Value) == "provider_busy:130429");

        _ = takenBack switch
        {
            "client disabled" => (object)await system.Console.EnableAsync(client.Client, enabled: false),
            "key revoked" => await system.Console.RevokeAsync(client.Key),
            "grant revoked" => await system.Console.RevokeGrantAsync(client.Client, client.Channel),
            _ => await system.Console.GrantAsync(client.Client, client.Channel, ["get_message"]),
        };

        await Eventually.GetAsync(
            $"failed with {reason}",
            async () => await system.QueryAsync<string>(
                "SELECT concat_ws(' ', state, error_code) FROM messages WHERE client_id = $1 AND direction = 'Outbound'", client.Client.Id.Value),
            seen => seen == $"Failed {reason}");
    }

    [Fact]
    public async Task ARotationOfTheKeyStopsNothingThatIsQueued()
    {
        var client = await system.Console.OnboardAsync();
        var to = await NewCustomerAsync();
        await FaultAsync(to, new JsonObject { ["code"] = 130429, ["count"] = 1 });
        var id = await SendAsync(client, "queued", to);
        var rotation = await system.Console.RotateAsync(client.Key, grace: TimeSpan.Zero);
        (await SettledAsync(system.Mcp(rotation.Token.Text), id)).GetProperty("state").GetString().ShouldNotBe("failed");
    }

    [Fact]
    public async Task APersonIsKnownByTheProvidersIdOnceItWasTold()
    {
        var client = await system.Console.OnboardAsync();
        var message = await MessageTests.StateAsync(system.Mcp(client.Token), await SendAsync(client, "who"), "read");
        message.GetProperty("contact").GetProperty("userId").GetString()!.ShouldStartWith("US.");
    }

    private static async Task<JsonElement> SettledAsync(McpDriver mcp, string id) => await Eventually.GetAsync(
        $"{id} settled",
        () => mcp.ResultAsync("get_message", new { messageId = id }),
        message => message.GetProperty("state").GetString() is "sent" or "delivered" or "read" or "failed");

    private async Task<string> SendAsync(TestClient client, string text, string to = "15550100100")
    {
        var message = await system.Mcp(client.Token).ResultAsync("send_message", new { channel = client.Channel.Name, to, text });
        return message.GetProperty("messageId").GetString()!;
    }

    private Task FaultAsync(string to, JsonObject fault)
    {
        fault["match"] = new JsonObject { ["to"] = to };
        return system.Sandbox.FaultAsync(fault);
    }

    // Somebody of the test's own, who has just written, so that the service window is open.
    private async Task<string> NewCustomerAsync()
    {
        var phone = $"1555{Random.Shared.NextInt64(1_000_000, 9_999_999)}";
        await system.Sandbox.WriteAsync("hello", from: phone);
        return phone;
    }
}
