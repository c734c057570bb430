using WaMcp.Tests.Data;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Admin;

/// <summary>On clusters of their own: roles and their passwords belong to the cluster.</summary>
public sealed class DbMigrateTests
{
    private static readonly string[] Migrations =
        [.. Directory.GetFiles(Path.Combine(Repository.Root, "WaMcp.Domain", "Data", "Migrations"), "*.sql").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal)!];

    [Fact]
    public async Task AppliesOnceAndThenHasNothingToDo()
    {
        await using var postgres = new LocalPostgres(fsync: false);
        await postgres.StartAsync();
        var settings = SettingsFor(await postgres.CreateDatabaseAsync("wamcp"));

        var first = await AdminConsole.RunAsync(["db", "migrate"], settings);
        first.ExitCode.ShouldBe(0, first.Err);
        first.Out.ShouldBe($"Applied {string.Join(", ", Migrations)}.\n");
        first.ErrLines.ShouldContain("applying 0001_house");

        var second = await AdminConsole.RunAsync(["db", "migrate"], settings);
        second.ExitCode.ShouldBe(0);
        second.Out.ShouldBe("Nothing to apply: the database is up to date.\n");
        second.Err.ShouldBeEmpty();

        var third = await AdminConsole.RunAsync(["db", "migrate", "--output", "json"], settings);
        third.Json.GetProperty("applied").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task TwoAtTheSameTimeBothSucceedAndOneApplies()
    {
        await using var postgres = new LocalPostgres(fsync: false);
        await postgres.StartAsync();
        var settings = SettingsFor(await postgres.CreateDatabaseAsync("wamcp"));

        var runs = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => AdminConsole.RunAsync(["db", "migrate", "--output", "json"], settings)));

        runs.ShouldAllBe(run => run.ExitCode == 0);
        runs.Select(run => run.Json.GetProperty("applied").GetArrayLength()).Order().ShouldBe([0, 0, Migrations.Length]);
        (await MigratedDatabase.ReadAsync<string>(settings["ConnectionStrings:owner"]!, """SELECT "MigrationId" FROM "__EFMigrationsHistory" """))
            .ShouldBe(Migrations);
    }

    [Fact]
    public async Task GivesTheRolesTheirPasswordsAndReplacesThem()
    {
        await using var postgres = new LocalPostgres(fsync: false);
        await postgres.StartAsync();
        var settings = SettingsFor(await postgres.CreateDatabaseAsync("wamcp"));
        settings["wa_app_password"] = "it's \\ a $pass";
        await AdminConsole.RunAsync(["db", "migrate"], settings);
        (await ConnectAsync("it's \\ a $pass")).ExitCode.ShouldBe(0);

        settings["wa_app_password"] = "another";
        await AdminConsole.RunAsync(["db", "migrate"], settings);
        (await ConnectAsync("another")).ExitCode.ShouldBe(0);
        var refused = await ConnectAsync("it's \\ a $pass");
        refused.ShouldFail(1, "refuses the user 'wa_app'");
        refused.Err.ShouldNotContain("$pass");

        Task<ConsoleRun> ConnectAsync(string password) => AdminConsole.RunAsync(
            ["clients", "list"], new Dictionary<string, string?> { ["ConnectionStrings:wamcp"] = postgres.ConnectionString("wamcp", "wa_app", password) });
    }

    [Fact]
    public async Task SaysWhichPasswordsItWasNotGiven()
    {
        await using var postgres = new LocalPostgres(fsync: false);
        await postgres.StartAsync();
        var settings = new Dictionary<string, string?> { ["ConnectionStrings:owner"] = await postgres.CreateDatabaseAsync("wamcp") };

        var run = await AdminConsole.RunAsync(["db", "migrate"], settings);

        run.ExitCode.ShouldBe(0);
        run.Err.ShouldContain("no wa_app_password given");
        run.Err.ShouldContain("no wa_audit_archiver_password given");
    }

    [Fact]
    public async Task WithoutAnOwnerItIsMisconfigured()
    {
        var run = await AdminConsole.RunAsync(["db", "migrate"], new Dictionary<string, string?>());

        run.ShouldFail(1, "ConnectionStrings:owner is not set", "ConnectionStrings__owner");
    }

    [Fact]
    public async Task WaitsForPostgresAndStopsAtCtrlC()
    {
        var nobody = $"Host=127.0.0.1;Port={FreePort.Next()};Username=postgres;Password=x;Database=wamcp";
        using var process = ConsoleProcess.Start(
            ["db", "migrate", "--output", "json"], new Dictionary<string, string?> { ["ConnectionStrings:owner"] = nobody });
        (await process.ReadErrorLineAsync()).ShouldBe("waiting for Postgres");

        process.Interrupt();
        var run = await process.EndAsync();

        run.ExitCode.ShouldBe(130);
        run.Error.GetProperty("code").GetString().ShouldBe("interrupted");
    }

    private static Dictionary<string, string?> SettingsFor(string owner) => new()
    {
        ["ConnectionStrings:owner"] = owner,
        ["wa_app_password"] = "app",
        ["wa_audit_archiver_password"] = "archiver",
    };
}
