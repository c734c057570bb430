using System.Runtime.Versioning;
using WaMcp.Tests.Drivers;

namespace WaMcp.Tests.AppHost;

[Collection(nameof(AppHostProcess))]
public sealed class RunningAppHostTests(RunningAppHost running) : IClassFixture<RunningAppHost>
{
    [Fact]
    public void SaysFirstWhichFeedItFound() => running.Process.Lines[0].ShouldStartWith("feed: ");

    [Fact]
    public async Task WritesWhereEverythingIs()
    {
        var endpoints = running.Data.Endpoints();
        endpoints.Keys.ShouldBe(["server", "sandbox", "dashboard", "postgres", "redis"]);
        endpoints["postgres"].ShouldStartWith("postgresql://wa_app:");
        endpoints["redis"].ShouldStartWith("redis://");

        using var http = new HttpClient();
        (await http.GetAsync($"{endpoints["server"]}/health")).IsSuccessStatusCode.ShouldBeTrue();
        (await http.GetAsync($"{endpoints["sandbox"]}/health")).IsSuccessStatusCode.ShouldBeTrue();
    }

    [Fact]
    public async Task OpensTheDashboardWithoutALoginOrSaysHowToGetIt()
    {
        if (running.Data.Endpoints()["dashboard"] is not { } dashboard)
        {
            running.Process.Output.ShouldContain("the Aspire dashboard is not installed: npm install");
            return;
        }

        using var http = new HttpClient();
        (await http.GetAsync($"{dashboard}/traces")).IsSuccessStatusCode.ShouldBeTrue();
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void KeepsSecretsForItsOwnerOnly()
    {
        File.GetUnixFileMode(running.Data.Secrets).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var files = Directory.GetFiles(running.Data.Secrets);
        files.Select(Path.GetFileName).Order().ShouldBe(
        [
            "api_key_pepper", "encryption_key", "meta_app_secret", "meta_webhook_verify_token", "postgres_owner_password",
            "wa_access_token", "wa_app_password", "wa_audit_archiver_password",
        ]);
        files.ShouldAllBe(file => File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Convert.FromBase64String(File.ReadAllText(Path.Combine(running.Data.Secrets, "api_key_pepper"))).Length.ShouldBe(32);
        File.GetUnixFileMode(running.Data["endpoints.json"]).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task SaysOnASecondStartThatItRunsAlready()
    {
        await using var second = AppHostProcess.Start(running.Data.Path);
        await second.EndAsync();
        second.ExitCode.ShouldBe(0);
        second.Output.ShouldContain($"runs already (process {running.Process.Id})");
        second.Output.ShouldContain(running.Data.Endpoints()["server"]!);
    }

    [Fact]
    public async Task OpsUpSaysThatItRunsAlready()
    {
        var (exitCode, output, errors) = await OpsScript.RunAsync("up", running.Data.Path, "--detach");
        exitCode.ShouldBe(0, errors);
        output.ShouldContain("runs already");
        output.ShouldContain(running.Data.Endpoints()["server"]!);
    }

    [Fact]
    public async Task RestartsAProgramThatWasKilledAndWaitsLongerEachTime()
    {
        var first = ProcessesOf.Program(running.Data.Path, "WaMcp.Worker");
        first.Kill();
        (await running.Process.LineWithAsync("worker crashed")).ShouldContain("restarting in 1 s");
        await running.Process.LineWithAsync("worker is healthy again");

        var second = ProcessesOf.Program(running.Data.Path, "WaMcp.Worker");
        second.Id.ShouldNotBe(first.Id);
        second.Kill();
        (await running.Process.LineWithAsync("restarting in 2 s")).ShouldContain("worker crashed");
    }

    [Fact]
    public async Task AdminPassesOnTheConsolesOutputAndExitCode()
    {
        var help = await OpsScript.RunAsync("admin", running.Data.Path, "--help");
        help.ExitCode.ShouldBe(0, help.Errors);
        help.Output.ShouldNotBeEmpty();
        help.Errors.ShouldBeEmpty();

        var unknown = await OpsScript.RunAsync("admin", running.Data.Path, "no-such-command");
        unknown.ExitCode.ShouldNotBe(0);
    }

    [Fact]
    public async Task StdioServesTheOwnerOfTheRunningSystem()
    {
        var created = await OpsScript.RunAsync("admin", running.Data.Path, "clients", "create", "--name", "me", "--display-name", "Me", "--owner");
        created.ExitCode.ShouldBe(0, created.Errors);

        await using var server = Stdio(running.Data.Path);
        await server.InitializeAsync();
        (await server.CallAsync("ping")).GetProperty("result").GetProperty("structuredContent").GetProperty("client").GetString().ShouldBe("me");
        (await server.CloseAsync()).ShouldBe(0);
        server.Output.Count.ShouldBe(2, "an answer to each request and nothing else");
    }

    [Fact]
    public async Task StdioSaysWhenNothingRunsAndWhatItIs()
    {
        await using var server = Stdio(Path.Combine(running.Data.Path, "nothing-here"));
        (await server.ExitAsync()).ShouldBe(1);
        server.Output.ShouldBeEmpty();
        server.Errors.ShouldContain("./ops/up");

        await using var help = Stdio(running.Data.Path, "--help");
        (await help.ExitAsync()).ShouldBe(0);
        string.Join('\n', help.Output).ShouldContain("mcpServers");
    }

    private static StdioDriver Stdio(string data, params string[] arguments) => StdioDriver.Start(
        Path.Combine(BuiltAppHost.Repository, "ops", "stdio"), arguments, new Dictionary<string, string?> { ["WAMCP_DATA"] = data });
}
