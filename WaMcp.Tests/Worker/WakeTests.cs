using WaMcp.Tests.Endpoints;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.Worker;

/// <summary>What comes is done because somebody rings: where a Worker only looks by the clock, nothing here would be done in time.</summary>
public sealed class WakeTests
{
    [Fact]
    public async Task WhoeverAddsAJobWakesThoseWhoDoIt()
    {
        await using var receiver = await EndpointReceiver.StartAsync();
        await using var system = await WaMcpSystem.StartAsync(
            null, ("Jobs:LongestSleep", "01:00:00"), ("Endpoints:AlsoAllowed:0", receiver.Origin), ("Pacing:Headroom", "0"));
        var endpoints = EndpointSystem.Over(system, receiver);
        var talk = await Talk.BeginAsync(system);
        var mailbox = receiver.Open();
        await endpoints.AddAsync(talk.Client, mailbox);

        var waiting = talk.Mcp.ResultAsync("wait_for_reply", new { channel = talk.Channel, person = talk.Phone, timeoutSeconds = 120 });
        await system.Sandbox.WriteAsync("anybody there?", talk.Phone); // taken apart, recorded, told
        (await waiting).GetProperty("timedOut").GetBoolean().ShouldBeFalse();
        await mailbox.FindAsync(got => got.Text == "anybody there?");

        var sent = (await talk.SendAsync("send_message", new { text = "yes" })).GetProperty("messageId").GetString()!; // delivered, told
        await MessageTests.StateAsync(talk.Mcp, sent, "read");
        await mailbox.FindAsync(got => got.Status == "sent");

        await system.Sandbox.SendFileAsync("image"); // fetched
        await Eventually.TrueAsync("the file is here", async () => await system.QueryAsync<long>(
            "SELECT count(*) FROM messages WHERE client_id = $1 AND media_ids <> '{}'", talk.Client.Client.Id.Value) == 1);
    }
}
