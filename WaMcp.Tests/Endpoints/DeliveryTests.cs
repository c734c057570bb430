using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using WaMcp.Domain.Duties;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Endpoints;

/// <summary>Receivers that fail, hang, redirect, ask for patience, or are gone.</summary>
public sealed class DeliveryTests(EndpointSystem endpoints) : IClassFixture<EndpointSystem>
{
    private static readonly TimeSpan[] Schedule =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5), TimeSpan.FromHours(10),
        TimeSpan.FromHours(10),
    ];

    private readonly WaMcpSystem system = endpoints.System;

    [Fact]
    public async Task AReceiverThatFailsIsTriedAgainAsTheScheduleSaysAndInTheEndTheEventIsADeadLetterThatCanBeRetried()
    {
        var (client, mailbox, id) = await OpenAsync(Mailbox.Status(500));
        await WriteAsync();

        for (var attempt = 1; attempt <= Schedule.Length; attempt++)
        {
            await endpoints.FailedAsync(client, attempt);
            var wait = await WaitAsync(client);
            wait.ShouldBeGreaterThan(Schedule[attempt - 1] - TimeSpan.FromMinutes(1));
            wait.ShouldBeLessThanOrEqualTo(Schedule[attempt - 1] * 1.1);
            await endpoints.HurryAsync(client);
        }

        var letter = await Eventually.GetAsync(
            "a dead letter", () => system.QueryAsync<Guid>("SELECT id FROM jobs WHERE client_id = $1 AND dead_at IS NOT NULL", client.Client.Id.Value), found => found != Guid.Empty);
        mailbox.Got.Count.ShouldBe(Schedule.Length + 1);
        mailbox.Got.Select(got => got.Id).Distinct().Count().ShouldBe(1);
        var job = new Domain.Jobs.JobId(letter).ToString();
        (await endpoints.Console.DoAsync("deadletters", "list")).EnumerateArray().Single(row => row.GetProperty("id").GetString() == job)
            .GetProperty("lastError").GetString().ShouldBe("HTTP 500");
        var shown = await ShowAsync(id);
        shown.GetProperty("dead").GetInt32().ShouldBe(1);
        shown.GetProperty("state").GetString()!.ShouldStartWith("failing since ");
        shown.GetProperty("lastError").GetString().ShouldBe("HTTP 500");

        mailbox.Answer = Mailbox.Status(200);
        await endpoints.Console.DoAsync("deadletters", "retry", job);
        await system.QueryAsync<object>("NOTIFY wamcp_jobs");
        await endpoints.DoneAsync(client);
        mailbox.Got[^1].Id.ShouldBe(mailbox.Got[0].Id);
        (await ShowAsync(id)).GetProperty("state").GetString().ShouldBe("ok");
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task AReceiverThatAsksForPatienceGetsNothingMeanwhile(int status)
    {
        var (client, mailbox, id) = await OpenAsync(http =>
        {
            http.Response.Headers.RetryAfter = "600";
            http.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        await WriteAsync();
        await WaitAsync(events: 1);

        await WriteAsync();
        await WaitAsync(events: 2);
        mailbox.Got.Count.ShouldBe(1);
        (await system.QueryAsync<int[]>("SELECT array_agg(attempts ORDER BY attempts) FROM jobs WHERE kind = 'Notify' AND client_id = $1", client.Client.Id.Value))
            .ShouldBe([0, 1], "the second was put back as if it had not been tried");
        (await ShowAsync(id)).GetProperty("waiting").GetInt32().ShouldBe(2);

        Task WaitAsync(int events) => Eventually.TrueAsync("they wait for as long as it asked", async () => await system.QueryAsync<long>(
            "SELECT count(*) FROM jobs WHERE kind = 'Notify' AND client_id = $1 AND lease_id IS NULL AND run_at > now() + interval '9 min'", client.Client.Id.Value) == events);
    }

    [Fact]
    public async Task AReceiverThatIsGoneIsSwitchedOffAtOnceAndAReplayBringsWhatItMissed()
    {
        var (client, mailbox, id) = await OpenAsync(Mailbox.Status(410));
        await WriteAsync();
        await system.AuditAsync(client.Client.Id, "endpoint_disabled");
        await endpoints.DoneAsync(client);
        var first = mailbox.Got.ShouldHaveSingleItem();
        (await ShowAsync(id)).GetProperty("disabledReason").GetString().ShouldBe("gone");
        (await system.QueryAsync<string>("SELECT error_code FROM audit_log WHERE client_id = $1 AND action = 'endpoint_disabled'", client.Client.Id.Value)).ShouldBe("gone");
        system.Logs.Text.ShouldContain($"{id} is switched off (gone)");

        await WriteAsync();
        await RecordedAsync(client, 2);
        await endpoints.DoneAsync(client);
        mailbox.Got.Count.ShouldBe(1, "it is disabled");
        var refused = await endpoints.Console.RunAsync("endpoints", "replay", id, "--since", "1h");
        refused.ShouldFail(4, "is disabled", $"admin endpoints enable {id}");

        mailbox.Answer = Mailbox.Status(204);
        (await endpoints.Console.DoAsync("endpoints", "enable", id)).GetProperty("state").GetString().ShouldBe("ok");
        (await endpoints.Console.DoAsync("endpoints", "replay", id, "--since", "1h")).GetProperty("events").GetInt32().ShouldBe(2);
        await endpoints.DoneAsync(client);
        mailbox.Got.Count.ShouldBe(3);
        mailbox.Got.Skip(1).Select(got => got.Id).ShouldContain(first.Id);
    }

    [Fact]
    public async Task RedirectsAreNotFollowedAndAReceiverThatHangsIsNotWaitedForLong()
    {
        var target = endpoints.Receiver.Open();
        var (client, _, id) = await OpenAsync(http =>
        {
            http.Response.Redirect(target.Url);
            return Task.CompletedTask;
        });
        await WriteAsync();
        await endpoints.FailedAsync(client, 1);
        (await ShowAsync(id)).GetProperty("lastError").GetString().ShouldBe("HTTP 302: redirects are not followed");
        target.Got.ShouldBeEmpty();

        var (hung, _, hangs) = await OpenAsync(http => Task.Delay(Timeout.Infinite, http.RequestAborted));
        await WriteAsync();
        await endpoints.FailedAsync(hung, 1);
        (await ShowAsync(hangs)).GetProperty("lastError").GetString().ShouldBe("no answer within 5 s");
    }

    [Fact]
    public async Task OneClientsReceiverThatHangsHoldsUpNobodyElse()
    {
        var release = new TaskCompletionSource();
        var (slow, hung, _) = await OpenAsync(_ => release.Task);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => WriteAsync()));
        await RecordedAsync(slow, 100);
        await hung.HasAsync(8);
        var other = await system.Console.OnboardAsync(ConsoleDriver.SalesNumber);
        var mailbox = endpoints.Receiver.Open();
        await endpoints.AddAsync(other, mailbox);

        await system.Sandbox.WriteAsync($"at once {Guid.NewGuid():N}", WebhookDriver.Phone(), ConsoleDriver.SalesNumber);

        await mailbox.HasAsync(1);
        (await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind = 'Notify' AND client_id = $1", slow.Client.Id.Value)).ShouldBeGreaterThan(50);
        (await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind = 'Notify' AND client_id = $1 AND lease_id IS NOT NULL", slow.Client.Id.Value)).ShouldBeLessThanOrEqualTo(8);
        hung.Answer = Mailbox.Status(204);
        release.SetResult();
        await endpoints.DoneAsync(other);
    }

    [Fact]
    public async Task BothSecretsSignUntilTheOldOneHasHadItsTime()
    {
        var (client, mailbox, id, old) = await OpenWithSecretAsync(Mailbox.Status(204));
        var rotated = await endpoints.Console.RunAsync("endpoints", "rotate-secret", id);
        rotated.ExitCode.ShouldBe(0, rotated.Err);
        var present = rotated.ErrLines[^1];
        present.ShouldNotBe(old);
        await WriteAsync();
        var both = (await mailbox.HasAsync(1))[0];
        both.Signature.Split(' ').ShouldBe([await OpenSsl.SignAsync(present, both), await OpenSsl.SignAsync(old, both)]);
        await endpoints.DoneAsync(client);

        await system.QueryAsync<object>("UPDATE endpoints SET previous_secret_until = now() - interval '1 s' WHERE client_id = $1", client.Client.Id.Value);
        await WriteAsync();
        var later = (await mailbox.HasAsync(2))[1];
        later.Signature.ShouldBe(await OpenSsl.SignAsync(present, later));
        await endpoints.DoneAsync(client);

        var last = (await endpoints.Console.RunAsync("endpoints", "rotate-secret", id, "--for", "0d")).ErrLines[^1];
        await WriteAsync();
        var at = (await mailbox.HasAsync(3))[2];
        at.Signature.ShouldBe(await OpenSsl.SignAsync(last, at));
        (await system.QueryAsync<string>("SELECT string_agg(metadata::text, '') FROM audit_log WHERE client_id = $1", client.Client.Id.Value))!.ShouldNotContain("whsec_");
    }

    [Fact]
    public async Task ATestSaysWhatTheReceiverAnswers()
    {
        var (client, mailbox, id, secret) = await OpenWithSecretAsync(Mailbox.Status(204));
        var good = await endpoints.Console.RunAsync("endpoints", "test", id);
        good.ExitCode.ShouldBe(0, good.Err);
        good.Err.ShouldContain($"{id} took it: HTTP 204.");
        var notice = mailbox.Got.ShouldHaveSingleItem();
        notice.Type.ShouldBe("endpoint.test");
        notice.Json.GetProperty("data").GetProperty("endpoint").GetString().ShouldBe(id);
        notice.Signature.ShouldBe(await OpenSsl.SignAsync(secret, notice));

        mailbox.Answer = Mailbox.Status(401);
        await endpoints.Console.DoAsync("endpoints", "disable", id);
        var bad = await endpoints.Console.RunAsync("endpoints", "test", id);
        bad.ExitCode.ShouldBe(5);
        bad.Err.ShouldContain($"{id} did not take it: HTTP 401.");
        (await ShowAsync(id)).GetProperty("failingSince").ValueKind.ShouldBe(JsonValueKind.Null, "nothing was missed");
        await endpoints.DoneAsync(client);
    }

    [Fact]
    public async Task AReplayIsOfItsSpanAndQueuesNothingTwice()
    {
        var (client, mailbox, id) = await OpenAsync(Mailbox.Status(204));
        for (var n = 0; n < 3; n++)
        {
            await WriteAsync();
        }

        await mailbox.HasAsync(3);
        await endpoints.DoneAsync(client);
        await system.QueryAsync<object>(
            "UPDATE messages SET created_at = now() - interval '2 h' WHERE id = (SELECT min(id::text)::uuid FROM messages WHERE client_id = $1)", client.Client.Id.Value);
        mailbox.Answer = Mailbox.Status(500);

        (await ReplayAsync("--since", "1h")).ShouldBe(2);
        await endpoints.FailedAsync(client, 1, events: 2);
        (await ReplayAsync("--since", "1h")).ShouldBe(0, "they are queued already");
        (await ReplayAsync("--since", "3h", "--until", "1h")).ShouldBe(1);
        await endpoints.FailedAsync(client, 1, events: 3);
        await system.QueryAsync<object>("UPDATE jobs SET dead_at = now() WHERE kind = 'Notify' AND client_id = $1", client.Client.Id.Value);
        mailbox.Answer = Mailbox.Status(204);
        (await ReplayAsync("--since", "3h")).ShouldBe(3, "what was given up is queued anew");
        await endpoints.DoneAsync(client);
        mailbox.Got.Select(got => got.Id).Distinct().Count().ShouldBe(3);

        async Task<int> ReplayAsync(params string[] span) => (await endpoints.Console.DoAsync(["endpoints", "replay", id, .. span])).GetProperty("events").GetInt32();
    }

    [Fact]
    public async Task AnEventThatWasGivenUpIsForgottenAfterAMonth()
    {
        var (client, _, _) = await OpenAsync(Mailbox.Status(500));
        await WriteAsync();
        await endpoints.FailedAsync(client, 1);
        foreach (var (days, left) in new[] { (29, 1), (31, 0) })
        {
            await system.QueryAsync<object>("UPDATE jobs SET dead_at = $2 WHERE kind = 'Notify' AND client_id = $1", client.Client.Id.Value, endpoints.Clock.GetUtcNow().AddDays(-days));
            await system.Console.RunDutyAsync(Duty.PruneMessages);
            (await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind = 'Notify' AND client_id = $1", client.Client.Id.Value)).ShouldBe(left);
        }
    }

    private async Task<(TestClient Client, Mailbox Mailbox, string Id)> OpenAsync(RequestDelegate answer)
    {
        var (client, mailbox, id, _) = await OpenWithSecretAsync(answer);
        return (client, mailbox, id);
    }

    private async Task<(TestClient Client, Mailbox Mailbox, string Id, string Secret)> OpenWithSecretAsync(RequestDelegate answer)
    {
        var client = await system.Console.OnboardAsync();
        var mailbox = endpoints.Receiver.Open();
        mailbox.Answer = answer;
        var (id, secret) = await endpoints.AddAsync(client, mailbox);
        return (client, mailbox, id, secret);
    }

    private Task<string> WriteAsync() => system.Sandbox.WriteAsync($"told {Guid.NewGuid():N}", WebhookDriver.Phone());

    private Task RecordedAsync(TestClient client, int messages) => Eventually.TrueAsync("recorded", async () =>
        await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1", client.Client.Id.Value) >= messages);

    private Task<JsonElement> ShowAsync(string id) => endpoints.Console.DoAsync("endpoints", "show", id);

    private async Task<TimeSpan> WaitAsync(TestClient client) => TimeSpan.FromSeconds(double.Parse(
        (await system.QueryAsync<string>("SELECT extract(epoch FROM min(run_at) - now())::text FROM jobs WHERE kind = 'Notify' AND client_id = $1 AND lease_id IS NULL", client.Client.Id.Value))!,
        CultureInfo.InvariantCulture));
}
