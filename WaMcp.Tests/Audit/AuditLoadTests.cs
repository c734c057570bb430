using WaMcp.Domain.Audit;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Audit;

/// <summary>Servers and workers as processes, under load, stopped and killed.</summary>
public sealed class AuditLoadTests
{
    private const int Calls = 4_000;
    private const int Callers = 32;

    [Fact]
    public async Task RowsAreCallsAfterAGracefulStopOfTwoServers()
    {
        await using var system = await WaMcpSystem.StartProcessesAsync();
        var second = await system.AddServerProcessAsync();
        var client = await system.Console.OnboardAsync(rpm: 100_000);
        Uri[] servers = [system.Server, second.Address];

        await Parallel.ForEachAsync(
            Enumerable.Range(0, Calls),
            new ParallelOptions { MaxDegreeOfParallelism = Callers },
            async (call, _) => (await WaMcpSystem.Mcp(client.Token, servers[call % 2]).CallAsync("ping")).Status.ShouldBe(200));
        await system.ServerProcess!.StopAsync();
        await second.StopAsync();

        (await CountAsync(system, "tool_called")).ShouldBe(Calls);
        var verdict = await VerifyAsync(system);
        verdict.First.ShouldBeNull();
        verdict.OpenWriters.ShouldBeEmpty();
    }

    [Fact]
    public async Task WhatAKilledServerLosesIsAtMostItsQueueAndIsTold()
    {
        const int queue = 300;
        await using var system = await WaMcpSystem.StartProcessesAsync(null, ("Audit:QueueRows", $"{queue}"));
        var client = await system.Console.OnboardAsync(rpm: 100_000);
        var answered = 0;
        var calling = Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => CallUntilTheEndAsync(system, client, () => Interlocked.Increment(ref answered))));
        await Eventually.TrueAsync("calls are answered", () => Task.FromResult(Volatile.Read(ref answered) > 1_000));

        await system.ServerProcess!.KillAsync();
        await calling;

        var stored = await CountAsync(system, "tool_called");
        (answered - stored).ShouldBeLessThanOrEqualTo(2 * queue, "what was queued, and what was just being written");
        var verdict = await VerifyAsync(system);
        verdict.First.ShouldBeNull();
        verdict.OpenWriters.ShouldHaveSingleItem();
        await system.ServerProcess.StartAsync();
        (await system.Mcp(client.Token).CallAsync("ping")).Status.ShouldBe(200);
        await system.ServerProcess.StopAsync();
        (await VerifyAsync(system)).OpenWriters.ShouldBe(verdict.OpenWriters, "the killed one stays known");
    }

    [Fact]
    public async Task NoSendIsWithoutItsRowsThoughServerAndWorkerWereKilled()
    {
        await using var system = await WaMcpSystem.StartProcessesAsync();
        await system.Sandbox.SettingsAsync(new { enforceWindow = false, responseDelayMs = 20 });
        var client = await system.Console.OnboardAsync(rpm: 100_000);
        await Parallel.ForEachAsync(Enumerable.Range(0, 120), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, _) =>
            await system.Mcp(client.Token).ResultAsync("send_message", new { channel = client.Channel.Name, to = $"+155502{number:00000}", text = $"killed {number}" }));
        await Eventually.TrueAsync("sends are on their way", async () => await CountAsync(system, "send_success") > 5);
        await system.WorkerProcess!.KillAsync();
        await system.ServerProcess!.KillAsync();

        var sent = (await system.Sandbox.SendsToAsync("msg_")).Select(request => request.GetProperty("body").GetProperty("biz_opaque_callback_data").GetString()!).ToList();
        sent.Count.ShouldBeGreaterThan(5);
        await AllHaveAsync("send_attempt", sent);
        await system.WorkerProcess.StartAsync();
        await system.QueryAsync<object>("UPDATE jobs SET run_at = now() WHERE lease_id IS NOT NULL");
        await Eventually.TrueAsync("every send has ended", async () => await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind = 'Deliver'") == 0);
        (await system.QueryAsync<string[]>(
            """
            SELECT array_agg(concat_ws(' ', state, error_code)) FROM messages m WHERE direction = 'Outbound' AND NOT EXISTS (
                SELECT FROM audit_log a WHERE a.request_id = m.request_id
                    AND (action = 'send_success' OR (action = 'send_failed' AND error_code = 'unknown_outcome')))
            """)).ShouldBeNull("each send has a row of how it ended for the worker, whatever a status told afterwards");
        (await VerifyAsync(system)).First.ShouldBeNull();

        async Task AllHaveAsync(string action, List<string> messages)
        {
            var ids = messages.Select(id => WaMcp.Domain.Data.TypedId.TryParse<WaMcp.Domain.Messages.MessageId>(id, out var parsed) ? parsed.Value : default).Distinct().ToArray();
            (await system.QueryAsync<long>(
                """
                SELECT count(*) FROM messages m WHERE id = ANY ($1)
                    AND EXISTS (SELECT FROM audit_log a WHERE a.request_id = m.request_id AND action = $2)
                """,
                ids, action)).ShouldBe(ids.Length);
        }
    }

    [Fact]
    public async Task WithoutPostgresRequestsGoOnBeingAnsweredAndTheirRowsArrive()
    {
        await using var postgres = await LocalPostgres.RunAsync();
        await using var system = await WaMcpSystem.StartAsync(postgres);
        var client = await system.Console.OnboardAsync(rpm: 100_000);
        (await system.Mcp(client.Token).CallAsync("ping")).Status.ShouldBe(200);
        await system.AuditAsync(client.Client.Id, "tool_called");
        var before = await CountAsync(system, "auth_failed");

        await postgres.StopAsync();
        var statuses = await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ => (await system.Mcp("nonsense").CallAsync("ping")).Status));
        statuses.ShouldAllBe(status => status == 401 || status == 429);
        await Eventually.TrueAsync("the outage is told", () => Task.FromResult(system.Logs.Text.Contains("Audit rows cannot be written", StringComparison.Ordinal)));
        (await system.Mcp(client.Token).CallAsync("ping")).Status.ShouldBe(401, "a key that cannot be checked opens nothing");
        await postgres.StartAsync();

        var expected = before + statuses.Count(status => status == 401) + 1;
        await Eventually.TrueAsync("their rows arrive", async () => await CountAsync(system, "auth_failed") == expected);
        (await VerifyAsync(system)).First.ShouldBeNull();
        (await CountAsync(system, "auth_failed")).ShouldBe(expected, "each once");
    }

    [Fact]
    public async Task TheWorkerSealsAndFindsWhatWasChanged()
    {
        await using var system = await WaMcpSystem.StartAsync(null, ("Notary:CheckEvery", "00:00:01"));
        await system.Console.OnboardAsync();
        await Eventually.TrueAsync("everything is sealed", async () => await system.QueryAsync<long>("SELECT count(*) FROM audit_unsealed") == 0);
        await Eventually.TrueAsync("the head is told", () => Task.FromResult(system.Logs.Text.Contains("The audit chain's head is ", StringComparison.Ordinal)));
        system.Logs.Text.ShouldNotContain("not as it was written");

        var id = await system.QueryAsync<long>("UPDATE audit_log SET action = 'ping' WHERE id = (SELECT max(id) FROM audit_log) RETURNING id");

        await Eventually.TrueAsync("it is found", () => Task.FromResult(system.Logs.Text.Contains(
            $"The audit log is not as it was written, in 1 places: Row {id} is not what batch ", StringComparison.Ordinal)));
    }

    private static async Task CallUntilTheEndAsync(WaMcpSystem system, TestClient client, Action answered)
    {
        try
        {
            while ((await system.Mcp(client.Token).CallAsync("ping")).Status == 200)
            {
                answered();
            }
        }
        catch (HttpRequestException)
        {
            // It was killed.
        }
    }

    // Over a connection of its own: those of a pool do not survive Postgres.
    private static async Task<long> CountAsync(WaMcpSystem system, string action) =>
        (await system.Database.ReadAsync<long>($"SELECT count(*) FROM audit_log WHERE action = '{action}'")).Single();

    private static async Task<AuditVerdict> VerifyAsync(WaMcpSystem system)
    {
        await using var audit = AuditDatabase.Of(system.Database);
        return await audit.VerifyAsync();
    }
}
