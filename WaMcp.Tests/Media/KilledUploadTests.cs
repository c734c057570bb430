using System.Text.Json.Nodes;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.Media;

/// <summary>A worker that dies while a file is on its way to the provider.</summary>
public sealed class KilledUploadTests
{
    [Fact]
    public async Task TheMessageIsStillQueuedAndTheNextWorkerSendsItOnce()
    {
        await using var system = await WaMcpSystem.StartProcessesAsync(settings: [("WhatsApp:UploadTimeout", "00:00:10")]);
        var client = await system.Console.OnboardAsync(rpm: 100_000);
        var mcp = system.Mcp(client.Token);
        await system.Sandbox.FaultAsync(
            new JsonObject { ["match"] = new JsonObject { ["path"] = "/media", ["method"] = "POST" }, ["mode"] = "hang", ["count"] = 1 });
        var sent = await mcp.ResultAsync(
            "send_media", new { channel = client.Channel.Name, to = "15550100100", type = "image", data = Convert.ToBase64String(FilesOf.Png) });
        var id = sent.GetProperty("messageId").GetString()!;
        await Eventually.TrueAsync("the upload hangs", async () => (await system.Sandbox.UploadsAsync()).Count == 1);

        await system.WorkerProcess!.KillAsync();

        (await mcp.ResultAsync("get_message", new { messageId = id })).GetProperty("state").GetString().ShouldBe("queued");
        await system.QueryAsync<object>("UPDATE jobs SET run_at = now()"); // its lease has run out
        await system.WorkerProcess.StartAsync();
        await MessageTests.StateAsync(mcp, id, "read");
        (await system.Sandbox.SendsToAsync(id)).Count.ShouldBe(1);
        (await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'send_attempt'")).ShouldBe(1);
    }
}
