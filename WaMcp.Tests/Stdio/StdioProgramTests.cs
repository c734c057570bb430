using System.Text.Json;
using WaMcp.Tests.Data;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Stdio;

/// <summary>The program around the protocol: how it starts, what it writes where, how it ends.</summary>
[Collection(nameof(StdioSystem))]
public sealed class StdioProgramTests(StdioSystem stdio)
{
    private readonly WaMcpSystem system = stdio.System;

    [Fact]
    public async Task ClosedInputEndsItWithZeroAndEveryRowIsWritten()
    {
        await using var server = await stdio.ConnectAsync();
        var before = await PingRowsAsync();
        for (var call = 0; call < 20; call++)
        {
            await server.CallAsync("ping");
        }

        (await server.CloseAsync()).ShouldBe(0);

        (await PingRowsAsync()).ShouldBe(before + 20);
    }

    [Fact]
    public async Task ACallThatIsUnderWayWhenTheInputClosesIsDoneAndAudited()
    {
        await using var server = await stdio.ConnectAsync();
        var before = await PingRowsAsync();
        await server.SendAsync("tools/call", new { name = "ping", arguments = new { } });

        (await server.CloseAsync()).ShouldBe(0);

        (await PingRowsAsync()).ShouldBe(before + 1);
    }

    [Theory]
    [InlineData(Signal.Terminate)]
    [InlineData(Signal.Interrupt)]
    internal async Task ASignalEndsItTheSameWay(Signal signal)
    {
        await using var server = await stdio.ConnectAsync();
        var before = await PingRowsAsync();
        await server.CallAsync("ping");

        (await server.EndAsync(signal)).ShouldBe(0);

        (await PingRowsAsync()).ShouldBe(before + 1);
    }

    [Fact]
    public async Task StandardOutputCarriesTheProtocolAndNothingElseWhateverHappens()
    {
        await using var postgres = await LocalPostgres.RunAsync();
        var database = await MigratedDatabase.CreateAsync(postgres);
        await new ConsoleDriver(database.App, system.Redis.ConnectionString).ClientAsync(isOwner: true);
        await using var server = StdioSystem.Launch(
            database.App, ("Logging__LogLevel__Default", "Trace"), ("Logging__LogLevel__ModelContextProtocol", "Trace"));
        await server.InitializeAsync();
        (await server.CallAsync("ping")).TryGetProperty("result", out _).ShouldBeTrue();
        await server.SendAsync("this is no message");

        await postgres.StopAsync();
        var refused = (await server.CallAsync("ping")).GetProperty("error");
        refused.GetProperty("code").GetInt32().ShouldBe(-32001);
        refused.GetProperty("message").GetString()!.ShouldContain("cannot be looked up just now");
        await postgres.StartAsync();
        await Eventually.TrueAsync("tools answer again", async () => (await server.CallAsync("ping")).TryGetProperty("result", out _));

        (await server.CloseAsync()).ShouldBe(0);
        server.Output.ShouldAllBe(line => IsMessage(line));
        server.Errors.ShouldContain("trce: ");
        server.Errors.ShouldContain("The owner could not be looked up");
        server.Errors.ShouldNotContain(LocalPostgres.OwnerPassword);
    }

    [Fact]
    public async Task WithoutAnOwnerItSaysWhatToDoAndEnds()
    {
        var database = await MigratedDatabase.CreateAsync();
        await ShouldRefuseToStartAsync(StdioSystem.Launch(database.App), "admin clients create --name NAME", "--owner");
    }

    [Fact]
    public async Task WithoutADatabaseItSaysSoAndEnds()
    {
        var address = $"Host=127.0.0.1;Port={FreePort.Next()};Database=wamcp;Username=wa_app;Password=a-secret";
        var errors = await ShouldRefuseToStartAsync(StdioSystem.Launch(address), "The database cannot be used", "127.0.0.1");
        errors.ShouldNotContain("a-secret");
    }

    [Fact]
    public async Task WithADatabaseThatWasNotMigratedItSaysSoAndEnds()
    {
        var empty = await (await LocalPostgres.Shared()).CreateDatabaseAsync();
        await using var server = StdioSystem.Launch(empty);
        (await server.ExitAsync()).ShouldBe(1);
        server.Output.ShouldBeEmpty();
        server.Errors.ShouldContain("The database cannot be used (42P01");
    }

    [Theory]
    [InlineData(null, "ConnectionStrings:wamcp is not set")]
    [InlineData("no connection string", "ConnectionStrings:wamcp cannot be read")]
    public Task WithoutItsSettingItSaysWhichAndEnds(string? setting, string words) => ShouldRefuseToStartAsync(StdioSystem.Launch(setting), words);

    [Fact]
    public async Task HelpSaysWhatTheProgramTakes()
    {
        await using var help = StdioDriver.Start("dotnet", [ProgramProcess.Built("WaMcp.Server"), "--help"], new Dictionary<string, string?>());
        (await help.ExitAsync()).ShouldBe(0);
        string.Join('\n', help.Output).ShouldContain("--stdio");
        help.Errors.ShouldBeEmpty();
    }

    private static async Task<string> ShouldRefuseToStartAsync(StdioDriver started, params string[] words)
    {
        await using var server = started;
        (await server.ExitAsync()).ShouldBe(1);
        server.Output.ShouldBeEmpty();
        server.Errors.Split('\n').ShouldHaveSingleItem().ShouldSatisfyAllConditions([.. words.Select<string, Action<string>>(word => line => line.ShouldContain(word))]);
        return server.Errors;
    }

    private static bool IsMessage(string line)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.GetProperty("jsonrpc").GetString() == "2.0";
    }

    private Task<long> PingRowsAsync() => system.QueryAsync<long>(
        "SELECT count(*) FROM audit_log WHERE client_id = $1 AND action = 'tool_called' AND tool_name = 'ping'", stdio.Owner.Id.Value);
}
