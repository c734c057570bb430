namespace WaMcp.Tests.Admin;

public sealed class DeadLettersTests
{
    [Fact]
    public async Task WhatWasGivenUpIsListedShownRetriedAndDiscarded()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        await BuryAsync(console, "now() - interval '2 minutes'");
        await BuryAsync(console, "now() - interval '1 minute'");
        await console.Database.ReadAsync<int>("INSERT INTO jobs (id, kind, subject_id, run_at) VALUES (gen_random_uuid(), 'FanOut', gen_random_uuid(), now()) RETURNING 1");

        var listed = (await console.DoAsync("deadletters", "list")).EnumerateArray().ToList();
        listed.Count.ShouldBe(2, "what there is still hope for is no dead letter");
        var (first, second) = (listed[0].GetProperty("id").GetString()!, listed[1].GetProperty("id").GetString()!);
        var shown = await console.DoAsync("deadletters", "show", first);
        shown.GetProperty("lastError").GetString().ShouldBe("TimeoutException");
        shown.GetProperty("kind").GetString().ShouldBe("fanout");
        shown.GetProperty("subject").GetString()!.ShouldStartWith("evt_");

        await console.DoAsync("deadletters", "retry", first);
        (await console.RunAsync("deadletters", "discard", second)).Err.ShouldContain("will not be tried again");

        (await console.DoAsync("deadletters", "list")).GetArrayLength().ShouldBe(0);
        (await console.Database.ReadAsync<string>("SELECT attempts || ' ' || (run_at <= now()) FROM jobs WHERE last_error IS NOT NULL")).ShouldBe(["0 true"]);
        (await console.Database.ReadAsync<string>("SELECT action FROM audit_log WHERE metadata ? 'job' ORDER BY id"))
            .ShouldBe(["dead_letter_retried", "dead_letter_discarded"]);
        (await console.RunAsync("deadletters", "retry", second)).ExitCode.ShouldBe(3);
        (await console.RunAsync("deadletters", "show", "nonsense")).ExitCode.ShouldBe(3);
    }

    [Fact]
    public async Task OfJobsInOrderADeadOneHoldsUpNobodyAndComesBackBehindTheOneThatIsBeingDone()
    {
        var console = await AdminConsole.StartAsync();
        await console.Database.ReadAsync<int>(
            """
            INSERT INTO jobs (id, kind, subject_id, run_at, order_key)
            SELECT gen_random_uuid(), 'Deliver', gen_random_uuid(), now(), '00000000-0000-0000-0000-000000000001' FROM generate_series(1, 3) RETURNING 1
            """);
        (await FreeAsync(console)).ShouldBe([1]);

        await console.Database.ReadAsync<int>("UPDATE jobs SET dead_at = now() WHERE seq = 1 RETURNING 1");
        (await FreeAsync(console)).ShouldBe([2]);

        var dead = (await console.DoAsync("deadletters", "list"))[0].GetProperty("id").GetString()!;
        await console.DoAsync("deadletters", "retry", dead);
        (await FreeAsync(console)).ShouldBe([2]);

        await console.Database.ReadAsync<int>("DELETE FROM jobs WHERE seq = 2 RETURNING 1");
        (await FreeAsync(console)).ShouldBe([1]);
        await console.Database.ReadAsync<int>("DELETE FROM jobs WHERE seq = 1 RETURNING 1");
        (await FreeAsync(console)).ShouldBe([3]);
    }

    private static Task<List<long>> FreeAsync(AdminConsole console) =>
        console.Database.ReadAsync<long>("SELECT seq FROM jobs WHERE dead_at IS NULL AND NOT waits ORDER BY seq");

    private static Task<List<int>> BuryAsync(AdminConsole console, string when) => console.Database.ReadAsync<int>(
        $"""
        INSERT INTO jobs (id, kind, subject_id, run_at, attempts, dead_at, last_error)
        VALUES (gen_random_uuid(), 'FanOut', gen_random_uuid(), now(), 10, {when}, 'TimeoutException') RETURNING 1
        """);
}
