using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Tests.Auth;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using Xunit.Abstractions;

namespace WaMcp.Tests.Webhooks;

/// <summary>
/// Whatever Meta's contract allows, and what it nearly allows: accepted, kept to the byte, and taken apart without a failure. A failure names the
/// seed; <c>WAMCP_FUZZ_SEED</c> repeats it. The contract is not in the repository: where it is not, documents are made of the kinds that the tests know, and the
/// tests' output says so.
/// </summary>
public sealed class SchemaTests(ITestOutputHelper output) : IAsyncLifetime
{
    private WaMcpSystem system = null!;
    private WebhookDriver webhooks = null!;
    private TestClient client = null!;

    public async Task InitializeAsync()
    {
        system = await WaMcpSystem.StartAsync();
        webhooks = new WebhookDriver(system);
        client = await system.Console.OnboardAsync();
    }

    public Task DisposeAsync() => system.DisposeAsync().AsTask();

    [Fact]
    public async Task MetasOwnExamplesAreUnderstood()
    {
        if (MetaContract.Document is not { } contract)
        {
            output.WriteLine("Nothing was checked: shared/reference/meta-business-messaging-v23.openapi.yaml is in no folder above the tests.");
            return;
        }

        var groups = 0;
        foreach (var (name, example) in contract.RequestExamples("/whatsapp/webhooks", "post"))
        {
            var text = example.ToJsonString().Replace("106540352242922", ConsoleDriver.SupportNumber, StringComparison.Ordinal);
            await webhooks.DeliverAsync(JsonNode.Parse(text)!);
            var isGroup = name.StartsWith("Group", StringComparison.Ordinal); // the Groups API is not ours
            groups += isGroup ? 1 : 0;
            var outcomes = await Eventually.GetAsync(
                name,
                () => system.QueryAsync<string[]>("SELECT outcomes FROM webhook_events WHERE convert_from(body, 'UTF8') = $1 AND fanned_out_at IS NOT NULL LIMIT 1", text),
                found => found is not null);
            outcomes!.ShouldBe([isGroup ? "unknown_kind" : "fanned_out"], name);
        }

        groups.ShouldBe(3);
        await webhooks.DoneAsync();
    }

    [Fact]
    public async Task NothingThatIsValidFails()
    {
        var made = MadeBy(61);
        await RunAsync([.. Enumerable.Range(0, 150).Select(_ => Encoding.UTF8.GetBytes(made.Next().ToJsonString()))]);
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1", client.Client.Id.Value)).ShouldBeGreaterThan(100);
    }

    [Fact]
    public async Task NothingThatIsNearlyValidFailsOrIsLost()
    {
        var made = MadeBy(62);
        await RunAsync([.. Enumerable.Range(0, 400).Select(_ => made.NextSpoilt())]);
    }

    private DocumentDice MadeBy(int area)
    {
        output.WriteLine(MetaContract.Document is null
            ? "Made of the kinds that the tests know: this machine has not Meta's contract."
            : "Made by the schemas of Meta's contract, and of the kinds that the tests know.");
        return new DocumentDice(MetaContract.Document, new Dice(area));
    }

    private async Task RunAsync(IReadOnlyList<byte[]> documents)
    {
        var complaints = new ConcurrentQueue<string>();
        await Parallel.ForAsync(0, documents.Count, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (number, _) =>
        {
            if (await webhooks.PostAsync(documents[number]) is var status and not 200)
            {
                complaints.Enqueue($"case {number}: {status}");
            }
        });

        complaints.ShouldBeEmpty($"WAMCP_FUZZ_SEED={Dice.Seed}");
        await webhooks.DoneAsync();
        foreach (var document in documents)
        {
            (await system.QueryAsync<long>("SELECT count(*) FROM webhook_events WHERE body = $1 AND cardinality(outcomes) > 0", document))
                .ShouldBeGreaterThan(0, Encoding.UTF8.GetString(document));
        }

        // Everything that was made of them can be shown.
        var mcp = system.Mcp(client.Token);
        string? before = null;
        JsonElement page;
        do
        {
            page = await mcp.ResultAsync("get_messages", before is null ? (object)new { channel = client.Channel.Name, limit = 100 } : new { channel = client.Channel.Name, limit = 100, before });
            before = page.GetProperty("messages").EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } first ? first.GetProperty("id").GetString() : null;
        }
        while (page.GetProperty("hasMore").GetBoolean());
    }
}
