using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace WaMcp.Tests.AppHost;

[Collection(nameof(AppHostProcess))]
public sealed class AppHostLifeTests : IDisposable
{
    private readonly DataFolder data = new();

    [Fact]
    public async Task LeavesNoProcessAfterSigterm()
    {
        await using var host = AppHostProcess.Start(data.Path, args: ["--ports", "any"]);
        await host.UpAsync();
        ProcessesOf.Data(data.Path).Count.ShouldBeGreaterThanOrEqualTo(6, "the AppHost, two stores and three programs");

        host.Send(PosixSignal.SIGTERM);
        await host.EndAsync();
        host.ExitCode.ShouldBe(0);
        ProcessesOf.Data(data.Path).ShouldBeEmpty();
        File.Exists(data["endpoints.json"]).ShouldBeFalse();
    }

    [Fact]
    public async Task LeavesNoProcessAfterItWasKilledItself()
    {
        await using var host = AppHostProcess.Start(data.Path, args: ["--ports", "any"]);
        await host.UpAsync();
        var others = ProcessesOf.Data(data.Path).Where(process => process.Id != host.Id).ToList();
        others.ShouldNotBeEmpty();

        host.Kill();
        using var timeout = new CancellationTokenSource(Patience.Long);
        await Task.WhenAll(others.Select(process => process.WaitForExitAsync(timeout.Token)));

        // The next start is not in the way of anything that one left: neither its files nor its database.
        await using var next = AppHostProcess.Start(data.Path, args: ["--ports", "any"]);
        await next.UpAsync();
    }

    [Fact]
    public async Task KeepsItsSecretsFromOneStartToTheNext()
    {
        await StartAndStopAsync();
        var first = Secrets();
        await StartAndStopAsync();
        Secrets().ShouldBe(first);
        first.Count.ShouldBe(8);

        async Task StartAndStopAsync()
        {
            await using var host = AppHostProcess.Start(data.Path, args: ["--ports", "any"]);
            await host.LineWithAsync("redis");
        }

        Dictionary<string, string> Secrets() =>
            Directory.GetFiles(data.Secrets).ToDictionary(file => Path.GetFileName(file)!, File.ReadAllText);
    }

    [Fact]
    public async Task NamesAMissingBinaryInOneLine()
    {
        // A PATH with what the scripts need, but without Redis.
        var path = Directory.CreateDirectory(data["bin"]).FullName;
        foreach (var tool in (string[])["bash", "env", "dirname", "readlink", "cat", "id", "unshare", "setpriv", "seq", "dotnet"])
        {
            File.CreateSymbolicLink(Path.Combine(path, tool), Find(tool));
        }

        await using var host = AppHostProcess.Start(data.Path, new Dictionary<string, string> { ["PATH"] = path });
        await host.EndAsync();
        host.ExitCode.ShouldBe(1);
        var line = host.Lines.Where(one => !one.StartsWith("feed:", StringComparison.Ordinal)).ShouldHaveSingleItem();
        line.ShouldContain("Redis is not installed");
        line.ShouldContain("apt-get install redis-server");

        static string Find(string tool) =>
            Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, tool)).First(File.Exists);
    }

    [Fact]
    public async Task SaysWhichProgramFailedTheStartAndWhy()
    {
        Directory.CreateDirectory(data["postgres"]);
        await File.WriteAllTextAsync(Path.Combine(data["postgres"], "PG_VERSION"), "9\n");

        await using var host = AppHostProcess.Start(data.Path, args: ["--ports", "any"]);
        await host.EndAsync();
        host.ExitCode.ShouldBe(1);
        host.Output.ShouldContain("start failed");
        host.Output.ShouldContain("was made by PostgreSQL 9");
        ProcessesOf.Data(data.Path).ShouldBeEmpty();
    }

    [Fact]
    public async Task AvoidsABusyPortAndSaysSo()
    {
        using var other = new TcpListener(IPAddress.Loopback, 5081);
        try
        {
            other.Start();
        }
        catch (SocketException)
        {
            // Busy already: somebody runs the system on this machine. That will do.
        }

        await using var host = AppHostProcess.Start(data.Path);
        await host.LineWithAsync("sandbox: port 5081 is busy, using ");
    }

    public void Dispose() => data.Delete();
}
