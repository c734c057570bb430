using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace WaMcp.Benchmarks.Webhooks;

/// <summary>
/// Makes each fsync and fdatasync of a program take longer, as on a slower disk: a small library that is loaded into it before libc
/// (LD_PRELOAD), compiled here.
/// </summary>
internal sealed class SlowSync : IDisposable
{
    private const string Source =
        """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <stdlib.h>
        #include <time.h>

        static long delay_us;

        __attribute__((constructor)) static void read_delay(void)
        {
            const char *given = getenv("WAMCP_SYNC_DELAY_US");
            delay_us = given ? atol(given) : 0;
        }

        static int slowly(int file, const char *name)
        {
            struct timespec left = { delay_us / 1000000, delay_us % 1000000 * 1000 };
            int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
            while (delay_us > 0 && nanosleep(&left, &left) == -1 && errno == EINTR) { }
            return next(file);
        }

        int fsync(int file) { return slowly(file, "fsync"); }
        int fdatasync(int file) { return slowly(file, "fdatasync"); }
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("wamcp-bench-sync-").FullName;
    private readonly TimeSpan delay;

    private SlowSync(TimeSpan delay) => this.delay = delay;

    /// <summary>For the program that is to be slow.</summary>
    public IReadOnlyDictionary<string, string> Environment => delay == TimeSpan.Zero ? new Dictionary<string, string>() : new Dictionary<string, string>
    {
        ["LD_PRELOAD"] = Path.Combine(folder, "slow-sync.so"),
        ["WAMCP_SYNC_DELAY_US"] = ((long)delay.TotalMicroseconds).ToString(CultureInfo.InvariantCulture),
    };

    public static async Task<SlowSync> BuildAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        var slow = new SlowSync(delay);
        if (delay == TimeSpan.Zero)
        {
            return slow;
        }

        var source = Path.Combine(slow.folder, "slow-sync.c");
        await File.WriteAllTextAsync(source, Source, cancellationToken);
        try
        {
            using var compiler = Process.Start(new ProcessStartInfo("cc", ["-shared", "-fPIC", "-O2", "-o", Path.ChangeExtension(source, "so"), source, "-ldl"]))!;
            await compiler.WaitForExitAsync(cancellationToken);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(slow.folder, (UnixFileMode)Convert.ToInt32("755", 8)); // Postgres may run as somebody else
            }

            return compiler.ExitCode == 0 ? slow : throw new InvalidOperationException("cc could not compile the library that slows fsync.");
        }
        catch (Win32Exception)
        {
            throw new InvalidOperationException("--fsync-delay needs a C compiler (apt-get install gcc libc6-dev); with --fsync-delay 0 the disk is as fast as it is.");
        }
    }

    /// <summary>The control: what a commit takes, with and without waiting for the disk. Throws when the delay is not in force.</summary>
    public async Task<(double Durable, double Lazy)> MeasureAsync(BenchPostgres postgres, CancellationToken cancellationToken)
    {
        await postgres.ExecuteAsync("CREATE TABLE control (n integer)", cancellationToken);
        var (durable, lazy) = (await CommitAsync("on"), await CommitAsync("off"));
        return durable - lazy >= delay.TotalMilliseconds * 0.95
            ? (durable, lazy) : throw new InvalidOperationException($"fsync is not slowed: a commit takes {durable:0.00} ms, {lazy:0.00} ms without it.");

        async Task<double> CommitAsync(string durability)
        {
            await using var connection = new NpgsqlConnection($"{postgres.Owner};Options=-c synchronous_commit={durability}");
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand("INSERT INTO control VALUES (1)", connection);
            var times = new List<double>();
            for (var commit = 0; commit < 300; commit++)
            {
                var started = Stopwatch.GetTimestamp();
                await command.ExecuteNonQueryAsync(cancellationToken);
                times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            return times.Order().ElementAt(times.Count / 2);
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
