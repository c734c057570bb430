using System.Text.RegularExpressions;
using WaMcp.Domain.Audit.Archive;
using WaMcp.Domain.Duties;
using WaMcp.Tests.Data;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Retention;

/// <summary>Old audit rows go into files, whole, and back.</summary>
public sealed partial class ArchiveAuditTests
{
    private static readonly DateTimeOffset September = new(2024, 9, 30, 22, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task OldRowsMoveIntoAFileForEachMonthAndTheOthersStay()
    {
        await using var system = await WaMcpSystem.StartAsync();
        await using var archive = ArchivedSystem.Of(system);
        await archive.WriteAsync(DateTimeOffset.UtcNow.AddDays(-364), 30);
        var young = await archive.LinesAsync();
        await archive.WriteAsync(September, 300); // two hours of September, three of October
        await archive.WriteAsync(September.AddMonths(3), 20);
        var old = (await archive.LinesAsync()).Except(young).ToList();

        var run = await system.Console.RunDutyAsync(Duty.ArchiveAudit);

        run.Error.ShouldBeNull();
        run.Counts.ShouldBe("""{"rows": 320, "parts": 3}""");
        (await archive.LinesAsync()).ShouldBe(young);
        await archive.ShouldHaveArchivedAsync(old);
        Directory.EnumerateFiles(archive.Folder).Select(Path.GetFileName).Order().ShouldBe(
        [
            ".lock", "2024-09.jsonl.zst", "2024-09.manifest.json", "2024-10.jsonl.zst", "2024-10.manifest.json", "2024-12.jsonl.zst", "2024-12.manifest.json",
        ]);
        ((long)archive.Manifest("2024-09")["rows"]!).ShouldBe(120);
        var part = archive.Manifest("2024-12")["parts"]![0]!;
        ((string)part["head"]!).ShouldMatch("^[0-9]+:[0-9a-f]{64}$");
        ((long)part["length"]!).ShouldBe(new FileInfo(Path.Combine(archive.Folder, "2024-12.jsonl.zst")).Length);
        (await system.QueryAsync<string>("SELECT metadata->>'rows' FROM audit_log WHERE action = 'audit_archived'")).ShouldBe("320");
    }

    [Fact]
    public async Task ARowThatTheSystemWroteIsArchivedAYearLater()
    {
        var clock = new ShiftedClock();
        await using var system = await WaMcpSystem.StartWithClockAsync(clock);
        await using var archive = ArchivedSystem.Of(system);
        var client = await system.Console.OnboardAsync();
        (await system.Mcp(client.Token).CallAsync("ping", new { })).IsError.ShouldBeFalse();
        await system.AuditAsync(client.Client.Id, "tool_called");
        var before = await archive.LinesAsync();

        clock.Advance(TimeSpan.FromDays(364));
        (await system.Console.RunDutyAsync(Duty.ArchiveAudit)).Counts.ShouldBe("""{"rows": 0}""");
        clock.Advance(TimeSpan.FromDays(2));
        await system.Console.RunDutyAsync(Duty.ArchiveAudit);

        (await archive.ArchivedAsync()).ShouldContain(before.ShouldHaveSingleItem());
        (await archive.LinesAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task LaterRunsAddToTheMonthAndAllIsReadInTheOrderOfIds()
    {
        await using var system = await WaMcpSystem.StartAsync(null, ("AuditArchive:PartRows", "70"));
        await using var archive = ArchivedSystem.Of(system);
        await archive.WriteAsync(September.AddDays(3), 100);
        await archive.WriteAsync(September, 200); // later ids in an earlier month, and across the border into the next
        await archive.WriteAsync(September.AddDays(2), 50);
        var old = await archive.LinesAsync();
        await system.Console.RunDutyAsync(Duty.ArchiveAudit);
        await archive.WriteAsync(September.AddDays(1), 100);
        old.AddRange(await archive.LinesAsync());

        var second = await system.Console.RunDutyAsync(Duty.ArchiveAudit);

        second.Counts.ShouldBe("""{"rows": 100, "parts": 2}""");
        await archive.ShouldHaveArchivedAsync(old);
        var options = Microsoft.Extensions.Options.Options.Create(new ArchiveOptions { Folder = archive.Folder });
        var read = await new AuditArchive(options).RowsAsync(0).ToListAsync();
        read.Select(row => row.Id).ShouldBe(Enumerable.Range(1, int.MaxValue).Select(id => (long)id).Where(id => read.Any(row => row.Id == id)).Take(450));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AManifestThatIsGoneOrOlderThanItsFileCostsNothing(bool older)
    {
        await using var system = await WaMcpSystem.StartAsync(null, ("AuditArchive:PartRows", "50"));
        await using var archive = ArchivedSystem.Of(system);
        var manifest = Path.Combine(archive.Folder, "2024-10.manifest.json");
        var data = Path.Combine(archive.Folder, "2024-10.jsonl.zst");
        await archive.WriteAsync(September.AddHours(3), 100);
        await system.Console.RunDutyAsync(Duty.ArchiveAudit);
        var first = await File.ReadAllTextAsync(manifest);
        await archive.WriteAsync(September.AddHours(6), 50);
        await system.Console.RunDutyAsync(Duty.ArchiveAudit);
        var (manifestBefore, dataBefore) = (await File.ReadAllTextAsync(manifest), await File.ReadAllBytesAsync(data));
        await archive.WriteAsync(September.AddHours(9), 10);
        File.Delete(manifest);
        if (older)
        {
            await File.WriteAllTextAsync(manifest, first);
        }

        (await system.Console.RunDutyAsync(Duty.ArchiveAudit)).Error!.ShouldContain("holds rows that its manifest does not name");
        (await File.ReadAllBytesAsync(data)).ShouldBe(dataBefore);
        (await archive.LinesAsync()).Count.ShouldBe(10);

        await File.WriteAllTextAsync(manifest, manifestBefore);
        (await system.Console.RunDutyAsync(Duty.ArchiveAudit)).Counts.ShouldBe("""{"rows": 10, "parts": 1}""");
    }

    [Fact]
    public async Task WhatARestoredDatabaseHasAgainIsNotArchivedTwice()
    {
        await using var system = await WaMcpSystem.StartAsync(null, ("AuditArchive:PartRows", "50"));
        await using var archive = ArchivedSystem.Of(system);
        await archive.WriteAsync(September.AddHours(3), 150);
        var old = await archive.LinesAsync();
        await system.QueryAsync<object>("CREATE TABLE backup AS SELECT * FROM audit_log WHERE action = 'tool_called'");
        await system.Console.RunDutyAsync(Duty.ArchiveAudit);
        await system.QueryAsync<object>("INSERT INTO audit_log SELECT * FROM backup");

        (await system.Console.RunDutyAsync(Duty.ArchiveAudit)).Counts.ShouldBe("""{"rows": 0}""");
        await archive.ShouldHaveArchivedAsync(old);
    }

    [Fact]
    public async Task TwoWorkersArchiveEachRowOnce()
    {
        await using var archive = await ArchivedSystem.CreateAsync();
        await using var one = await archive.StartWorkerAsync();
        await using var two = await archive.StartWorkerAsync();
        var old = new List<string>();
        for (var run = 1; run <= 8; run++)
        {
            await archive.WriteAsync(September.AddDays(run), 50);
            old.AddRange(await archive.LinesAsync());
            await archive.AskAsync();
            await Eventually.TrueAsync($"run {run} has ended", async () =>
                (await archive.Database.ReadAsync<bool>("SELECT due_at > now() FROM duties WHERE name = 'archive-audit'")).Single());
        }

        await archive.ShouldHaveArchivedAsync(old);
        (await archive.Database.ReadAsync<string>("SELECT metadata->>'rows' || coalesce(error_code, '') FROM audit_log WHERE action = 'audit_archived'"))
            .ShouldBe(Enumerable.Repeat("50", 8));
    }

    [Fact]
    public async Task WhatIsRestoredIntoAScratchDatabaseIsWhatWasThere()
    {
        await using var system = await WaMcpSystem.StartAsync();
        await using var archive = ArchivedSystem.Of(system);
        await archive.WriteAsync(September, 300);
        await system.QueryAsync<object>("CREATE TABLE kept AS SELECT * FROM audit_log WHERE action = 'tool_called'");
        await system.Console.RunDutyAsync(Duty.ArchiveAudit);
        var scratch = await MigratedDatabase.CreateAsync();
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "architecture", "audit.md"));

        await ChildProcess.RunAsync(
            "bash",
            ["-c", $"set -euo pipefail\nARCHIVE='{archive.Folder}' SCRATCH='{Libpq(scratch.Owner)}'\n{RestoreBlock().Match(page).Groups["commands"].Value}"]);

        var restored = await MigratedDatabase.ReadAsync<string>(scratch.Owner, "SELECT md5(record_send(a)) FROM audit_log a ORDER BY id");
        var kept = await system.Database.ReadAsync<string>("SELECT md5(record_send(k)) FROM kept k ORDER BY id");
        kept.Count.ShouldBe(300);
        restored.ShouldBe(kept);
    }

    [Fact]
    public async Task ADamagedFileIsNoticedAndNothingIsDeleted()
    {
        await using var system = await WaMcpSystem.StartAsync();
        await using var archive = ArchivedSystem.Of(system);
        await archive.WriteAsync(September.AddHours(3), 100);
        await system.Console.RunDutyAsync(Duty.ArchiveAudit);
        var path = Path.Combine(archive.Folder, "2024-10.jsonl.zst");
        var whole = await File.ReadAllBytesAsync(path);
        await archive.WriteAsync(September.AddHours(6), 10);
        var waiting = await archive.LinesAsync();

        var damaged = (byte[])whole.Clone();
        damaged[whole.Length / 2] ^= 1;
        await ShouldStopAsync(damaged);
        await ShouldStopAsync(whole[..^1]);
        await ShouldStopAsync([]);
        File.Delete(path);
        (await system.Console.RunDutyAsync(Duty.ArchiveAudit)).Error!.ShouldContain("is not as its manifest says");
        (await archive.LinesAsync()).ShouldBe(waiting);

        await File.WriteAllBytesAsync(path, [.. whole, 1, 2, 3]); // a run that was killed leaves such
        (await system.Console.RunDutyAsync(Duty.ArchiveAudit)).Counts.ShouldBe("""{"rows": 10, "parts": 1}""");
        (await archive.ArchivedAsync()).Count.ShouldBe(110);

        async Task ShouldStopAsync(byte[] content)
        {
            await File.WriteAllBytesAsync(path, content);
            (await system.Console.RunDutyAsync(Duty.ArchiveAudit)).Error!.ShouldContain("is not as its manifest says");
            (await archive.LinesAsync()).ShouldBe(waiting);
        }
    }

    [Fact]
    public async Task AManifestThatCannotBeReadStopsTheRun()
    {
        await using var system = await WaMcpSystem.StartAsync();
        await using var archive = ArchivedSystem.Of(system);
        await archive.WriteAsync(September.AddHours(3), 10);
        await File.WriteAllTextAsync(Path.Combine(archive.Folder, "2024-10.manifest.json"), "{ \"version\": 1, \"month\": ");

        (await system.Console.RunDutyAsync(Duty.ArchiveAudit)).Error!.ShouldContain("is no manifest of 2024-10");

        (await archive.LinesAsync()).Count.ShouldBe(10);
    }

    [Theory]
    [InlineData("UPDATE audit_log SET user_agent = 'somebody else' WHERE id = 7", "Row 7")]
    [InlineData("UPDATE audit_log SET latency_ms = 0.5 WHERE id = 9", "Row 9")]
    [InlineData("INSERT INTO audit_log (id, ts, action) VALUES (5000, '2024-10-01', 'tool_called')", "Row 5000")]
    public async Task ARowThatIsNotAsItWasWrittenIsNotArchivedAndNoOtherEither(string tamper, string told)
    {
        await using var system = await WaMcpSystem.StartAsync();
        await using var archive = ArchivedSystem.Of(system);
        await archive.WriteAsync(September.AddHours(3), 50);
        await archive.TamperAsync(tamper);
        var before = await archive.LinesAsync();

        var run = await system.Console.RunDutyAsync(Duty.ArchiveAudit);

        run.Error.ShouldBe($"{told} of the audit log is not as it was written, so nothing is archived.");
        (await archive.LinesAsync()).ShouldBe(before);
        (await system.QueryAsync<string>("SELECT error_code FROM audit_log WHERE action = 'audit_archived'")).ShouldBe("conflict");
    }

    [Fact]
    public async Task RowsFromBeforeTheChainAreArchivedToo()
    {
        await using var system = await WaMcpSystem.StartAsync();
        await using var archive = ArchivedSystem.Of(system);
        await archive.TamperAsync(
            "ALTER TABLE audit_log DROP CONSTRAINT audit_log_id_check; INSERT INTO audit_log (id, ts, action) VALUES (0, '2024-10-01', 'tool_called')");
        var old = await archive.LinesAsync();

        (await system.Console.RunDutyAsync(Duty.ArchiveAudit)).Error.ShouldBeNull();

        await archive.ShouldHaveArchivedAsync(old);
    }

    [Fact]
    public async Task WithoutTheProgramThatCompressesNothingIsDeletedAndTheErrorSaysWhatToInstall()
    {
        await using var system = await WaMcpSystem.StartAsync(null, ("AuditArchive:Zstd", "zstd-that-is-not-there"));
        await using var archive = ArchivedSystem.Of(system);
        await archive.WriteAsync(September, 10);

        var run = await system.Console.RunDutyAsync(Duty.ArchiveAudit);

        run.Error.ShouldBe("The program zstd-that-is-not-there cannot be run, and the audit archive needs it.");
        (await archive.LinesAsync()).Count.ShouldBe(10);
    }

    [Fact]
    public async Task WhereNothingCanBeWrittenNothingIsDeleted()
    {
        var file = Path.Combine(RunFolder.Create("file"), "no-folder");
        await File.WriteAllTextAsync(file, "");
        await using var system = await WaMcpSystem.StartAsync(null, ("AuditArchive:Folder", file));
        await using var archive = ArchivedSystem.Of(system);
        await archive.WriteAsync(September, 10);

        var run = await system.Console.RunDutyAsync(Duty.ArchiveAudit);

        run.Error!.ShouldStartWith($"The audit archive in {file} cannot be written: ");
        (await archive.LinesAsync()).Count.ShouldBe(10);
        (await system.QueryAsync<string>("SELECT error_code FROM audit_log WHERE action = 'audit_archived'")).ShouldBe("misconfigured");
    }

    [Fact]
    public async Task AWorkerThatMayNotDeleteLeavesTheDutyToOthersAndSaysSo()
    {
        await using var system = await WaMcpSystem.StartAsync(null, ("ConnectionStrings:archiver", null));
        await using var archive = ArchivedSystem.Of(system);
        await archive.WriteAsync(September, 10);
        await Eventually.TrueAsync("the duties are noted", async () => await system.QueryAsync<long>("SELECT count(*) FROM duties") == 2);
        await system.QueryAsync<object>("UPDATE duties SET due_at = now()");
        await Eventually.TrueAsync("what it can do it does", async () => await system.QueryAsync<bool>("SELECT ended_at IS NOT NULL FROM duties WHERE name = 'prune-messages'"));

        (await system.QueryAsync<bool>("SELECT started_at IS NULL FROM duties WHERE name = 'archive-audit'")).ShouldBeTrue();
        system.Logs.Text.ShouldContain("This Worker does not do archive-audit: ConnectionStrings:archiver is not set.");
        (await archive.LinesAsync()).Count.ShouldBe(10);
    }

    [Fact]
    public void ALineThatIsNoRowIsRefused()
    {
        foreach (var line in new[] { "", "{}", "[]", """{"id":"x"}""" })
        {
            Should.Throw<WaMcp.Domain.Fault>(() => ArchiveLine.Read(line));
        }
    }

    // What psql understands.
    private static string Libpq(string connectionString)
    {
        var parts = new Npgsql.NpgsqlConnectionStringBuilder(connectionString);
        return $"host={parts.Host} port={parts.Port} user={parts.Username} password={parts.Password} dbname={parts.Database}";
    }

    [GeneratedRegex(@"^### Restore\n.*?^```sh\n(?<commands>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex RestoreBlock();
}
