using System.Globalization;
using System.Security.Cryptography;

namespace WaMcp.Tests.Infrastructure;

/// <summary>The installed Postgres programs, and the rights to run them: Postgres refuses to run as root.</summary>
internal sealed class PostgresBinaries
{
    private static readonly Lazy<Task<PostgresBinaries>> Found = new(PrepareAsync);

    private readonly string folder;
    private readonly string[] wrapper;
    private readonly Lazy<Task<string>> emptyCluster;

    private PostgresBinaries(string folder, string[] wrapper)
    {
        this.folder = folder;
        this.wrapper = wrapper;
        emptyCluster = new Lazy<Task<string>>(InitialiseAsync);
    }

    public static string OwnerPassword { get; } = RandomNumberGenerator.GetHexString(32, lowercase: true);

    public static Task<PostgresBinaries> FindAsync() => Found.Value;

    /// <summary>A new data folder. initdb runs once per test run; every cluster is a copy of what it made.</summary>
    public async Task<string> CreateClusterAsync()
    {
        var target = await CreateFolderAsync();
        await RunAsync("cp", ["-a", Path.Combine(await emptyCluster.Value, "."), target]);
        return target;
    }

    public Task<ChildProcess> StartAsync(string dataFolder, int port, bool fsync)
    {
        string[] arguments =
        [
            "-D", dataFolder,
            "-c", "listen_addresses=127.0.0.1",
            "-c", string.Create(CultureInfo.InvariantCulture, $"port={port}"),
            "-c", "unix_socket_directories=",
            "-c", $"fsync={(fsync ? "on" : "off")}",
            "-c", "max_connections=300",
            "-c", "dynamic_shared_memory_type=mmap", // inside the data folder, so nothing stays in /dev/shm after a kill
        ];
        return ChildProcess.StartAsync(Path.Combine(folder, "postgres"), arguments,
            line => line.Contains("database system is ready to accept connections", StringComparison.Ordinal), wrapper);
    }

    /// <summary>Runs one of the programs that come with it, such as pg_dump, to its end.</summary>
    public Task<string> RunToolAsync(string name, IEnumerable<string> arguments) => ChildProcess.RunAsync(Path.Combine(folder, name), arguments);

    private static async Task<PostgresBinaries> PrepareAsync()
    {
        var folder = FindFolder() ?? throw new InvalidOperationException(
            "No Postgres on this machine: install it (apt-get install postgresql) or put the folder of initdb and postgres into PATH.");
        return new PostgresBinaries(folder, await FindWrapperAsync());
    }

    private static string? FindFolder()
    {
        var debian = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : [];
        var inPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return debian
            .OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0)
            .Select(version => Path.Combine(version, "bin"))
            .Concat(inPath)
            .FirstOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")) && File.Exists(Path.Combine(bin, "postgres")));
    }

    private static async Task<string[]> FindWrapperAsync()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return [];
        }

        // In a user namespace of its own root is an ordinary user to Postgres, and files stay root's to everybody else.
        string[] unshare = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"];
        try
        {
            await ChildProcess.RunAsync("true", [], unshare);
            return unshare;
        }
        catch (InvalidOperationException)
        {
            return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"];
        }
    }

    private async Task<string> InitialiseAsync()
    {
        var target = await CreateFolderAsync();
        var passwordFile = Path.Combine(RunFolder.Create("owner"), "password");
        await File.WriteAllTextAsync(passwordFile, OwnerPassword);
        await RunAsync(Path.Combine(folder, "initdb"),
        [
            "-D", target, "--username", LocalPostgres.Owner, "--pwfile", passwordFile, "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
        ]);
        return target;
    }

    private async Task<string> CreateFolderAsync()
    {
        var path = RunFolder.Create("postgres");
        if (wrapper is ["setpriv", ..])
        {
            await ChildProcess.RunAsync("chown", ["postgres:postgres", path]);
        }

        // Postgres wants its data folder for itself.
        await RunAsync("chmod", ["0700", path]);
        return path;
    }

    private Task<string> RunAsync(string program, IEnumerable<string> arguments) => ChildProcess.RunAsync(program, arguments, wrapper);
}
