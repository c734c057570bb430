using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.Media;

/// <summary>Downloads that take long: what they hold up, and what a worker that dies leaves behind.</summary>
public sealed class FetchingTests
{
    [Fact]
    public async Task DownloadsThatHangHoldUpNeitherSendsNorReceivesNorFilesOfAnotherNumber()
    {
        await using var system = await WaMcpSystem.StartAsync(settings: [("Jobs:Fetching", "4")]);
        var (support, sales) = (await system.Console.OnboardAsync(rpm: 100_000), await system.Console.OnboardAsync(ConsoleDriver.SalesNumber, rpm: 100_000));
        for (var file = 0; file < 12; file++)
        {
            await system.Sandbox.SendFileAsync("document", new { bytes = 1_000_000, bytesPerSecond = 1 });
        }

        await Eventually.TrueAsync("downloads hang", async () => await system.Sandbox.RequestsAsync("/whatsapp_business/attachments") >= 2);
        var mcp = system.Mcp(support.Token);
        await system.Sandbox.WriteAsync("are you there?");
        await MessageTests.InboundAsync(mcp, support, "are you there?");
        var sent = await mcp.ResultAsync("send_message", new { channel = support.Channel.Name, to = "15550100100", text = "yes" });
        await MessageTests.StateAsync(mcp, sent.GetProperty("messageId").GetString()!, "read");

        await system.Sandbox.SendFileAsync("image", phoneNumberId: ConsoleDriver.SalesNumber);
        await Eventually.TrueAsync("the other number's file is here", async () =>
            await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1 AND file_state = 'Stored'", sales.Client.Id.Value) == 1);

        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1 AND file_state = 'Fetching'", support.Client.Id.Value)).ShouldBe(12);
        (await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind = 'FetchMedia' AND lease_id IS NOT NULL")).ShouldBeLessThanOrEqualTo(2, "a number has at most half of the places");
    }

    [Fact]
    public async Task AWorkerThatIsKilledInADownloadLeavesNoHalfFileAndTheNextOneNoLitter()
    {
        await using var system = await WaMcpSystem.StartProcessesAsync();
        var client = await system.Console.OnboardAsync(rpm: 100_000);
        var wamid = await system.Sandbox.SendFileAsync("document", new { bytes = 50_000, bytesPerSecond = 10_000 });
        await Eventually.TrueAsync("the download is under way", () => Task.FromResult(Files().Any(file => new FileInfo(file).Length > 0)));

        await system.WorkerProcess!.KillAsync();

        Files().ShouldHaveSingleItem().ShouldContain(".incoming");
        var seen = await new WebhookDriver(system).SeenAsync(client, wamid);
        seen.TryGetProperty("mediaIds", out _).ShouldBeFalse();
        seen.GetProperty("content").GetProperty("file").GetProperty("state").GetString().ShouldBe("fetching");
        (await system.QueryAsync<long>("SELECT count(*) FROM media_objects")).ShouldBe(0);

        await system.QueryAsync<object>("UPDATE jobs SET run_at = now()"); // its lease has run out
        await system.WorkerProcess.StartAsync();
        await Eventually.TrueAsync("the file is here", async () => await system.QueryAsync<string>("SELECT file_state FROM messages") == "Stored");
        var kept = Files().ShouldHaveSingleItem();
        kept.ShouldNotContain(".incoming");
        new FileInfo(kept).Length.ShouldBe(50_000);

        string[] Files() => [.. Directory.GetFiles(system.MediaFolder, "*", SearchOption.AllDirectories)];
    }
}
