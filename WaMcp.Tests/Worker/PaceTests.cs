using System.Globalization;
using System.Text.Json;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.Worker;

[Collection(nameof(AloneCollection))]
public sealed class PaceTests
{
    private const int Rate = 80;
    private const int Messages = 400;
    private const int People = 100;

    [Fact]
    public async Task ThreeWorkersKeepANumberToItsPaceAndEachConversationInOrderAndSlowDownNoOtherNumber()
    {
        // Three workers, a server and the provider on one machine make sends uneven: that is what headroom is for.
        await using var system = await WaMcpSystem.StartProcessesAsync(null, ("Pacing:Headroom", "0.3"));
        await system.AddWorkerProcessAsync();
        await system.AddWorkerProcessAsync();
        await system.Sandbox.SettingsAsync(new { enforceWindow = false });
        var (client, other) = (await system.Console.OnboardAsync(), await system.Console.OnboardAsync(ConsoleDriver.SalesNumber));

        await system.QueueAsync(client, People, Messages / People, "paced");
        var answer = await system.Mcp(other.Token).ResultAsync("send_message", new { channel = other.Channel.Name, to = "15550100100", text = "at once" });
        await Eventually.TrueAsync("everything is sent", async () => await QueuedAsync(system, client) == 0);
        await MessageTests.StateAsync(system.Mcp(other.Token), answer.GetProperty("messageId").GetString()!, "read");
        var sent = (await system.Sandbox.SendsToAsync("paced ")).OrderBy(At).ToList();
        sent.Count.ShouldBe(Messages);
        var beside = (await system.Sandbox.SendsToAsync("at once")).ShouldHaveSingleItem();
        At(beside).ShouldBeLessThan(At(sent[^1]), "the other number did not wait for this one");
        var moments = sent.ConvertAll(At);
        Fullest(moments).ShouldBeLessThanOrEqualTo(Rate, $"sends per tenth of a second: {Tenths(moments)}");
        foreach (var conversation in sent.GroupBy(request => Number(request) % People)) // they were queued in turns
        {
            conversation.Select(Number).ShouldBeInOrder();
        }
    }

    private static int Fullest(List<DateTimeOffset> moments) =>
        moments.Max(first => moments.Count(moment => moment >= first && moment < first.AddSeconds(1)));

    private static string Tenths(List<DateTimeOffset> moments) => string.Join(
        ' ', moments.CountBy(moment => (int)((moment - moments[0]).TotalSeconds * 10)).Select(tenth => $"{tenth.Key}:{tenth.Value}"));

    private static DateTimeOffset At(JsonElement request) => request.GetProperty("at").GetDateTimeOffset();

    private static int Number(JsonElement request) => int.Parse(
        request.GetProperty("body").GetProperty("text").GetProperty("body").GetString()!.Split(' ', '.')[1], CultureInfo.InvariantCulture);

    private static Task<long> QueuedAsync(WaMcpSystem system, TestClient client) =>
        system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind = 'Deliver' AND client_id = $1", client.Client.Id.Value);
}
