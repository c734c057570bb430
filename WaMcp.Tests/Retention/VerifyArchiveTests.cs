using WaMcp.Domain.Duties;
using WaMcp.Tests.Admin;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Retention;

/// <summary>Archived rows are verified like those in the database.</summary>
public sealed class VerifyArchiveTests : IAsyncLifetime
{
    private static readonly DateTimeOffset October = new(2024, 10, 1, 3, 0, 0, TimeSpan.Zero);

    private WaMcpSystem system = null!;
    private ArchivedSystem archive = null!;
    private AdminConsole console = null!;

    public async Task InitializeAsync()
    {
        system = await WaMcpSystem.StartAsync();
        archive = ArchivedSystem.Of(system);
        console = AdminConsole.Of(system);
        console.Settings["AuditArchive:Folder"] = system.ArchiveFolder;
        await archive.WriteAsync(October, 120);
        await Eventually.TrueAsync("all is sealed", async () => await system.QueryAsync<long>("SELECT count(*) FROM audit_unsealed") == 0);
        (await system.Console.RunDutyAsync(Duty.ArchiveAudit)).Error.ShouldBeNull();
    }

    public async Task DisposeAsync()
    {
        await archive.DisposeAsync();
        await system.DisposeAsync();
    }

    [Fact]
    public async Task WhatIsInTheArchiveIsNotMissing()
    {
        var run = await console.RunAsync("audit", "verify");

        run.ExitCode.ShouldBe(0, run.Out + run.Err);
        run.Out.ShouldContain("The audit log is as it was written.");
        (await archive.LinesAsync()).ShouldBeEmpty();

        await archive.WriteAsync(DateTimeOffset.UtcNow, 5);
        (await console.RunAsync("audit", "verify", "--since", "1h")).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task WithoutTheFolderItSaysWhereItLooked()
    {
        var run = await console.RunWithAsync("AuditArchive:Folder", RunFolder.Create("elsewhere"), "audit", "verify");

        run.ExitCode.ShouldBe(5);
        run.Out.ShouldContain("Row 1 of batch ");
        run.Err.ShouldContain("AuditArchive:Folder");
    }

    [Fact]
    public async Task AnArchiveThatWasWrittenAnewIsFoundAndADamagedOneIsNamed()
    {
        var data = Path.Combine(archive.Folder, "2024-10.jsonl.zst");
        var manifestPath = Path.Combine(archive.Folder, "2024-10.manifest.json");
        var (whole, manifest) = (await File.ReadAllBytesAsync(data), await File.ReadAllTextAsync(manifestPath));

        // Somebody who knows how: one row altered, and file and manifest made to fit.
        var lines = await archive.ArchivedAsync();
        lines[41] = lines[41].Replace("2001:db8::1", "2001:db8::2", StringComparison.Ordinal);
        var forged = Path.Combine(RunFolder.Create("forged"), "lines");
        await File.WriteAllTextAsync(forged, string.Concat(lines.Select(line => line + "\n")));
        await ChildProcess.RunAsync("zstd", ["--quiet", "--force", "-o", data, forged]);
        var length = new FileInfo(data).Length;
        var part = archive.Manifest("2024-10")["parts"]![0]!;
        await File.WriteAllTextAsync(manifestPath, manifest
            .Replace((string)part["sha256"]!, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(data))), StringComparison.Ordinal)
            .Replace($"\"length\": {(long)part["length"]!}", $"\"length\": {length}", StringComparison.Ordinal));
        var run = await console.RunAsync("audit", "verify");
        run.ExitCode.ShouldBe(5, run.Out + run.Err);
        run.Out.ShouldContain("The audit log is NOT as it was written: Row 42 is not what batch ");

        await File.WriteAllTextAsync(manifestPath, manifest);
        (await console.RunAsync("audit", "verify")).ShouldFail(4, "2024-10.jsonl.zst is not as its manifest says");
        await File.WriteAllBytesAsync(data, whole);
        (await console.RunAsync("audit", "verify")).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task TheHeadInTheManifestProvesThatTheTailWasCutOff()
    {
        var head = (string)archive.Manifest("2024-10")["parts"]![0]!["head"]!;
        await system.WorkerApplication.StopAsync(); // no new seals
        await archive.TamperAsync($"DELETE FROM audit_seals WHERE number >= {head.Split(':')[0]}");

        var run = await console.RunAsync("audit", "verify");

        run.ExitCode.ShouldBe(5);
        run.Out.ShouldContain("tail_missing");
    }
}
