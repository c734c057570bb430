using Npgsql;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Retention;

/// <summary>
/// A Worker that is killed (SIGKILL) in the middle of archiving, at each step, and what the next one makes of it. It is held at a step from
/// outside: by a script in the place of <c>zstd</c>, which kills it itself, or by a lock or a trigger in Postgres.
/// </summary>
public sealed class KilledArchiverTests
{
    private const int Rows = 600;
    private const long Gate = 4711;

    [Theory]
    [InlineData("before anything is written", "compress")]
    [InlineData("in the middle of the frame", "middle")]
    [InlineData("when the frame is on the disk and not read back", "decompress")]
    public Task KilledBy(string step, string when) => KilledAsync(step, async archive =>
    {
        await using var worker = await archive.StartWorkerAsync(await ScriptAsync(archive.Folder, when));
        await archive.AskAsync();
        await Eventually.TrueAsync($"killed {step}", () => Task.FromResult(worker.HasExited));
    });

    [Theory]
    [InlineData("before the manifest", "LOCK TABLE audit_batches", "%last_id >= $1%")]
    [InlineData("after the manifest, before anything is deleted", "LOCK TABLE audit_log IN SHARE MODE", "DELETE FROM audit_log %")]
    public Task KilledAtALock(string step, string hold, string waiting) => KilledAsync(step, async archive =>
    {
        await using var holder = await HoldAsync(archive, $"BEGIN; {hold}");
        await using var worker = await archive.StartWorkerAsync();
        await archive.AskAsync();
        await WaitingAsync(archive, step, waiting);
        await worker.KillAsync();
    });

    [Theory]
    [InlineData("in the middle of the deletion", "BEFORE DELETE ON audit_log FOR EACH ROW WHEN (OLD.id = 300)", "DELETE FROM audit_log %")]
    [InlineData("after the deletion, before its end is written down", "BEFORE UPDATE ON duties FOR EACH ROW WHEN (NEW.ended_at IS NOT NULL)", "UPDATE duties SET ended_at%")]
    public Task KilledAtATrigger(string step, string trigger, string waiting) => KilledAsync(step, async archive =>
    {
        await archive.TamperAsync($$"""
            CREATE FUNCTION wait_at_the_gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                PERFORM pg_advisory_xact_lock({{Gate}}); RETURN coalesce(NEW, OLD); END $$;
            CREATE TRIGGER gate {{trigger}} EXECUTE FUNCTION wait_at_the_gate();
            """);
        await using (await HoldAsync(archive, $"SELECT pg_advisory_lock({Gate})"))
        {
            await using var worker = await archive.StartWorkerAsync();
            await archive.AskAsync();
            await WaitingAsync(archive, step, waiting);
            await worker.KillAsync();
        }

        // Its sessions find nobody to answer and roll back.
        await Eventually.TrueAsync("its sessions are gone", async () => (await archive.Database.ReadAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename LIKE 'wa\\_audit%'")).Single() == 0);
        await archive.TamperAsync("DROP FUNCTION wait_at_the_gate CASCADE");
    });

    private static async Task KilledAsync(string step, Func<ArchivedSystem, Task> kill)
    {
        await using var archive = await ArchivedSystem.CreateAsync();
        await archive.WriteAsync(new DateTimeOffset(2024, 9, 30, 20, 0, 0, TimeSpan.Zero), Rows); // into October
        var old = await archive.LinesAsync();

        await kill(archive);
        // Whatever a kill between writing a manifest and putting it in its place would leave.
        await File.WriteAllTextAsync(Path.Combine(archive.Folder, "2024-09.manifest.json.new"), "{ half of a mani");
        await using var next = await archive.StartWorkerAsync();

        var error = await Eventually.GetAsync(
            $"the next run, after one was killed {step}",
            () => archive.Database.ReadAsync<string>("SELECT error FROM duties WHERE name = 'archive-audit' AND ended_at >= started_at"),
            ended => ended.Count == 1);
        error.ShouldBe([null!]);
        await archive.ShouldHaveArchivedAsync(old);
    }

    // Does what zstd does, except that once, at that point, it kills the program that called it.
    private static async Task<string> ScriptAsync(string folder, string when)
    {
        var script = Path.Combine(RunFolder.Create("zstd"), "zstd");
        await File.WriteAllTextAsync(script, $$"""
            #!/bin/bash
            die() { kill -KILL $PPID; exit 1; }
            case {{when}}:$1 in
                compress:--quiet | decompress:--decompress) die ;;
                middle:--quiet)
                    zstd "$@" > "$0.frame"
                    size=$(stat -c %s "$0.frame")
                    [ "$size" -gt 16384 ] || exit 3
                    head -c 16384 "$0.frame"
                    until [ -s '{{folder}}/2024-09.jsonl.zst' ]; do sleep 0.05; done
                    die ;;
            esac
            exec zstd "$@"
            """);
        await ChildProcess.RunAsync("chmod", ["+x", script]);
        return script;
    }

    private static async Task<NpgsqlConnection> HoldAsync(ArchivedSystem archive, string sql)
    {
        var connection = new NpgsqlConnection(archive.Database.Owner + ";Pooling=false");
        await connection.OpenAsync();
        await using var hold = new NpgsqlCommand(sql, connection);
        await hold.ExecuteNonQueryAsync();
        return connection;
    }

    private static Task WaitingAsync(ArchivedSystem archive, string step, string query) => Eventually.TrueAsync(
        $"held {step}",
        async () => (await archive.Database.ReadAsync<bool>(
            $"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '{query}')")).Single());
}
