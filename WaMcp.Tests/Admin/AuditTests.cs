using System.Globalization;
using System.Text.Json;
using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Audit;

namespace WaMcp.Tests.Admin;

public sealed class AuditTests
{
    [Fact]
    public async Task ShowsAClientsRowsOldestFirstWithNames()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        await console.DoAsync("grants", "add", "--client", "acme", "--phone", "support", "--tools", "ping");
        await console.DoAsync("keys", "mint", "--client", "acme", "--label", "CRM", "--scopes", "tools:ping");
        await console.DoAsync("clients", "create", "--name", "other", "--display-name", "Other");

        var table = await console.RunAsync("audit", "--client", "acme", "--since", "24h");
        table.ExitCode.ShouldBe(0, table.Err);
        table.Lines[0].Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .ShouldBe(["time", "action", "client", "key", "tool", "channel", "error", "ms", "ip", "request", "facts"]);
        table.Lines[1..].Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2..4]).ShouldBe(
            [["client_created", "acme"], ["grant_added", "acme"], ["key_minted", "acme"]]);
        table.Lines.Select(line => line.IndexOf("acme", StringComparison.Ordinal)).Distinct().Count().ShouldBe(2, "columns stand below each other");
        table.Lines[2].ShouldContain(" support ");

        var json = await Rows(console, "--client", "acme");
        json.Select(row => row.GetProperty("action").GetString()).ShouldBe(["client_created", "grant_added", "key_minted"]);
        json[0].GetProperty("metadata").GetProperty("operator").GetString().ShouldBe(AdminConsole.OperatorName);
        json[2].GetProperty("key").GetString()!.Length.ShouldBe(KeyToken.PrefixLength);
        (await Rows(console, "--key", json[2].GetProperty("key").GetString()!)).ShouldHaveSingleItem();
        (await Rows(console, "--request", json[1].GetProperty("requestId").GetString()!)).ShouldHaveSingleItem().GetProperty("channel").GetString().ShouldBe("support");
        (await Rows(console, "--action", "client_created")).Select(row => row.GetProperty("client").GetString()).ShouldBe(["acme", "other"]);
    }

    [Fact]
    public async Task MomentsToolsAndLimitsNarrowItDown()
    {
        var console = await AdminConsole.StartAsync();
        await using var audit = AuditDatabase.Of(console.Database);
        var now = DateTimeOffset.UtcNow;
        await audit.WriteAsync([.. Enumerable.Range(0, 2_500).Select(number => AuditDatabase.Full(number) with
        {
            Ts = now.AddMinutes(-number), // the last is the oldest
            ToolName = number % 100 == 0 ? "ping" : "send_message",
            LatencyMs = number == 0 ? double.NaN : number,
        })]);

        string[] Requests(IEnumerable<JsonElement> rows) => [.. rows.Select(row => row.GetProperty("requestId").GetString()!)];
        Requests(await Rows(console)).ShouldBe(Enumerable.Range(0, 1_440).Reverse().Select(number => $"req_{number}"));
        Requests(await Rows(console, "--since", "7d")).ShouldBe(Enumerable.Range(0, 2_500).Reverse().Select(number => $"req_{number}"));
        Requests(await Rows(console, "--since", "7d", "--limit", "3")).ShouldBe(["req_2", "req_1", "req_0"]);
        Requests(await Rows(console, "--since", "7d", "--tool", "ping", "--limit", "2")).ShouldBe(["req_100", "req_0"]);
        Requests(await Rows(console, "--since", "2h", "--until", "118m")).ShouldBe(["req_119", "req_118"]);
        var from = now.AddMinutes(-2_400.5).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        Requests(await Rows(console, "--since", from, "--until", "39h")).ShouldBe(Enumerable.Range(2_340, 61).Reverse().Select(number => $"req_{number}"));
        Requests(await Rows(console, "--request", "req_2400")).ShouldBe(["req_2400"], "what a request caused is shown however long ago");
        (await Rows(console, "--limit", "1"))[0].GetProperty("latencyMs").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Theory]
    [InlineData("--action bogus", 2, "'bogus' is not an action. Actions: auth_failed, ")]
    [InlineData("--since yesterday", 2, "--since: 'yesterday' is no moment.")]
    [InlineData("--until 2026-13-45", 2, "--until: '2026-13-45' is no moment.")]
    [InlineData("--limit 0", 2, "--limit: must be at least 1.")]
    [InlineData("--follow --until 1h", 2, "--until: --follow has no end.")]
    [InlineData("--client nobody", 3, "No client 'nobody' here.")]
    [InlineData("--key nobody", 3, "'nobody'")]
    [InlineData("bogus", 2, "'bogus' is one word too many for `admin audit`.")]
    [InlineData("verify --head 7:12", 2, "--head: '7:12' is no head.")]
    public async Task WhatCannotBeAskedIsSaid(string options, int exitCode, string words)
    {
        var console = await AdminConsole.StartAsync();

        (await console.RunAsync(["audit", .. options.Split(' ')])).ShouldFail(exitCode, words);
    }

    [Fact]
    public async Task VerifyEndsWithFiveWhenItFoundSomething()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        await using var audit = AuditDatabase.Of(console.Database);
        await audit.SealAsync();
        var head = (await console.RunAsync("audit", "head")).Lines.ShouldHaveSingleItem();
        (await console.DoAsync("audit", "head")).GetProperty("hash").GetString().ShouldBe(head.Split(':')[1]);

        var whole = await console.RunAsync("audit", "verify", "--head", head);
        whole.ExitCode.ShouldBe(0, whole.Err);
        whole.Lines.ShouldBe(["The audit log is as it was written.", $"Looked at 2 rows in 2 batches and 2 seals. Head: {head}"]);

        await audit.WriteAsync(AuditDatabase.Full());
        await audit.FlushAsync([AuditDatabase.Full()]);
        await audit.TamperAsync("UPDATE audit_log SET ip = '192.0.2.8' WHERE action = 'channel_added'; DELETE FROM audit_log WHERE action = 'client_created'");
        var broken = await console.RunAsync("audit", "verify", "--since", "1h", "--head", $"9:{head.Split(':')[1]}");
        broken.ExitCode.ShouldBe(5);
        broken.Lines[..2].ShouldBe(
        [
            "The audit log is NOT as it was written: There was a seal 9, and the chain ends at 1: its tail was cut off.",
            "All findings: 1 tail_missing, 1 row_missing, 1 row_altered.",
        ]);
        broken.Out.ShouldContain("2 batches wait for their seal");
        broken.Out.ShouldContain("was not closed: it runs, or was killed");
        var json = await console.RunAsync("audit", "verify", "--output", "json");
        json.ExitCode.ShouldBe(5);
        json.Json.GetProperty("first").GetProperty("kind").GetString().ShouldBe("row_missing");
        json.Json.GetProperty("isWhole").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task FollowShowsEachRowOnceAlsoThoseThatAreCommittedLate()
    {
        var console = await AdminConsole.StartAsync();
        await using var audit = AuditDatabase.Of(console.Database);
        var client = new ClientId(Guid.CreateVersion7());
        AuditRecord Record(string request, DateTimeOffset? ts = null) =>
            AuditDatabase.Full() with { ClientId = client, RequestId = request, Ts = ts ?? DateTimeOffset.UtcNow };
        await audit.WriteAsync(Record("before"));
        await using var late = await audit.AsApp.OpenConnectionAsync();
        var transaction = await late.BeginTransactionAsync();
        await AuditTable.WriteAsync(late, [Record("late")], default);

        using var process = ConsoleProcess.Start(["audit", "--follow", "--output", "json", "--tool", "send_message"], console.Settings);
        var seen = new List<string>();
        async Task SeeAsync(string request)
        {
            seen.Add(JsonDocument.Parse((await process.ReadLineAsync())!).RootElement.GetProperty("requestId").GetString()!);
            seen[^1].ShouldBe(request);
        }

        await SeeAsync("before");
        await audit.WriteAsync(Record("new"), Record("not asked for") with { ToolName = "ping" });
        await SeeAsync("new");
        await audit.SealAsync();
        await transaction.CommitAsync();
        await SeeAsync("late");
        await audit.SealAsync();
        await audit.WriteAsync(Record("spilled", DateTimeOffset.UtcNow.AddHours(-3)));
        await SeeAsync("spilled");
        await audit.SealAsync();
        await audit.WriteAsync(Record("last"));
        await SeeAsync("last");

        process.Interrupt();
        (await process.EndAsync()).ShouldSatisfyAllConditions(run => run.ExitCode.ShouldBe(0, run.Err), run => run.Out.ShouldBeEmpty());
    }

    private static async Task<List<JsonElement>> Rows(AdminConsole console, params string[] options)
    {
        var run = await console.RunAsync(["audit", .. options, "--output", "json"]);
        run.ExitCode.ShouldBe(0, run.Out + run.Err);
        return [.. run.Lines.Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
