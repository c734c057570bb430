using System.Security.Cryptography;
using System.Text.Json;
using WaMcp.Admin;
using WaMcp.Tests.Data;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Admin;

/// <summary>The console, in this process, on a database of the test's own.</summary>
internal sealed class AdminConsole
{
    /// <summary>Who works at it.</summary>
    public const string OperatorName = "grace";

    private AdminConsole(MigratedDatabase database, LocalRedis redis)
    {
        Database = database;
        Settings = new()
        {
            ["ConnectionStrings:wamcp"] = database.App,
            ["ConnectionStrings:owner"] = database.Owner,
            ["ConnectionStrings:redis"] = redis.ConnectionString,
            ["wa_app_password"] = LocalPostgres.OwnerPassword,
            ["wa_audit_archiver_password"] = LocalPostgres.OwnerPassword,
            ["api_key_pepper"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            ["encryption_key"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            ["SUDO_USER"] = OperatorName,
        };
    }

    public MigratedDatabase Database { get; }

    public Dictionary<string, string?> Settings { get; }

    public static async Task<AdminConsole> StartAsync() => new(await MigratedDatabase.CreateAsync(), await LocalRedis.Shared());

    /// <summary>The console of a running system, with its own folder of secret files.</summary>
    public static AdminConsole Of(WaMcpSystem system, string secrets)
    {
        var console = new AdminConsole(system.Database, system.Redis);
        console.Settings.Remove("api_key_pepper");
        console.Settings["Secrets:Directory"] = secrets;
        return console;
    }

    /// <summary>One with a client <c>acme</c> and a channel <c>support</c>.</summary>
    public static async Task<AdminConsole> StartWithClientAndChannelAsync()
    {
        var console = await StartAsync();
        await console.DoAsync("clients", "create", "--name", "acme", "--display-name", "Acme Corp");
        await console.DoAsync("channels", "add", "--name", "support", "--phone-number-id", "100000000000001", "--display-phone", "+1 555 010 0001");
        return console;
    }

    /// <summary>Runs a command line.</summary>
    public Task<ConsoleRun> RunAsync(params string[] args) => RunAsync(args, Settings);

    /// <summary>Runs a command line with one setting changed.</summary>
    public Task<ConsoleRun> RunWithAsync(string key, string? value, params string[] args) =>
        RunAsync(args, new Dictionary<string, string?>(Settings) { [key] = value });

    public static async Task<ConsoleRun> RunAsync(string[] args, IReadOnlyDictionary<string, string?> settings)
    {
        using var stdout = new StringWriter();
        using var stderr = new StringWriter();
        var exitCode = await AdminApp.RunAsync(args, stdout, stderr, settings);
        return new ConsoleRun(exitCode, stdout.ToString(), stderr.ToString());
    }

    /// <summary>Runs a command line that must succeed, as JSON.</summary>
    public async Task<JsonElement> DoAsync(params string[] args)
    {
        var run = await RunAsync([.. args, "--output", "json"]);
        run.ExitCode.ShouldBe(0, run.Out + run.Err);
        return run.Json;
    }

    /// <summary>The console as a program of its own.</summary>
    public async Task<ConsoleRun> RunProcessAsync(string[] args, string? input = null)
    {
        using var process = ConsoleProcess.Start(args, Settings);
        return await process.EndAsync(input);
    }
}

/// <summary>How a command ended, and what it said.</summary>
internal sealed record ConsoleRun(int ExitCode, string Out, string Err)
{
    /// <summary>Standard output, which must be exactly one document.</summary>
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;

    public JsonElement Error => Json.GetProperty("error");

    /// <summary>Standard output line by line.</summary>
    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Standard error line by line.</summary>
    public string[] ErrLines => Err.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>That it failed with this code, saying one line that holds these words, and nothing on standard output.</summary>
    public void ShouldFail(int exitCode, params string[] words)
    {
        ExitCode.ShouldBe(exitCode, Out + Err);
        Out.ShouldBeEmpty();
        ErrLines.ShouldHaveSingleItem().ShouldStartWith("error: ");
        foreach (var word in words)
        {
            Err.ShouldContain(word);
        }
    }
}
