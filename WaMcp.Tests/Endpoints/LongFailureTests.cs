using WaMcp.Tests.Drivers;

namespace WaMcp.Tests.Endpoints;

/// <summary>Receivers that fail for days, and workers that die.</summary>
public sealed class LongFailureTests
{
    [Fact]
    public async Task AfterFiveDaysInWhichNothingSucceededTheEndpointIsSwitchedOffAndTold()
    {
        var endpoints = new EndpointSystem();
        await endpoints.InitializeAsync();
        var (system, clock) = (endpoints.System, endpoints.Clock);
        try
        {
            var client = await system.Console.OnboardAsync();
            var mailbox = endpoints.Receiver.Open();
            mailbox.Answer = Mailbox.Status(500);
            var (id, _) = await endpoints.AddAsync(client, mailbox);
            for (var n = 0; n < 3; n++)
            {
                await system.Sandbox.WriteAsync($"told {n}", WebhookDriver.Phone());
            }

            await endpoints.FailedAsync(client, 1, events: 3);
            clock.Advance(TimeSpan.FromDays(4.9));
            await endpoints.HurryAsync(client);
            await endpoints.FailedAsync(client, 2, events: 3);
            (await endpoints.Console.DoAsync("endpoints", "show", id)).GetProperty("disabledAt").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);

            clock.Advance(TimeSpan.FromDays(0.2));
            await endpoints.HurryAsync(client);
            await endpoints.DoneAsync(client);

            (await endpoints.Console.DoAsync("endpoints", "list", "--failing")).EnumerateArray().ShouldHaveSingleItem()
                .GetProperty("state").GetString().ShouldBe("disabled (failing)");
            (await system.QueryAsync<long>(
                "SELECT count(*) FROM audit_log WHERE client_id = $1 AND action = 'endpoint_disabled' AND error_code = 'failing'", client.Client.Id.Value)).ShouldBe(1);
            system.Logs.Text.ShouldContain($"{id} is switched off (failing)");

            mailbox.Answer = Mailbox.Status(204);
            var first = mailbox.Got.Select(got => got.Id).Distinct().ToList();
            await endpoints.Console.DoAsync("endpoints", "enable", id);
            (await endpoints.Console.DoAsync("endpoints", "replay", id, "--since", "7d")).GetProperty("events").GetInt32().ShouldBe(3);
            var told = mailbox.Got.Count;
            await endpoints.DoneAsync(client);
            mailbox.Got.TakeLast(3).Select(got => got.Id).ShouldBe(first, ignoreOrder: true);
            told.ShouldBeGreaterThan(0);
        }
        finally
        {
            await endpoints.DisposeAsync();
        }
    }

    [Fact]
    public async Task AWorkerThatDiesBetweenTheRequestAndItsRecordTellsTheSameEventAgainWithTheSameId()
    {
        var endpoints = await EndpointSystem.StartProcessesAsync();
        var system = endpoints.System;
        try
        {
            var client = await system.Console.OnboardAsync();
            var mailbox = endpoints.Receiver.Open();
            mailbox.Answer = http => Task.Delay(Timeout.Infinite, http.RequestAborted); // it has the event, and the worker will never know
            await endpoints.AddAsync(client, mailbox);
            await system.Sandbox.WriteAsync("told twice", WebhookDriver.Phone());
            await mailbox.HasAsync(1);

            await system.WorkerProcess!.KillAsync();
            mailbox.Answer = Mailbox.Status(204);
            // Its lease runs out: moved here rather than waited for.
            await system.QueryAsync<object>("UPDATE jobs SET run_at = now() WHERE kind = 'Notify'");
            await system.WorkerProcess.StartAsync();

            await endpoints.DoneAsync(client);
            mailbox.Got.Count.ShouldBe(2);
            mailbox.Got[1].Id.ShouldBe(mailbox.Got[0].Id);
            mailbox.Got[1].Text.ShouldBe("told twice");
        }
        finally
        {
            await endpoints.DisposeAsync();
        }
    }
}
