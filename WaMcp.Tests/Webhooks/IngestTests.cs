using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Npgsql;
using WaMcp.Domain.Channels;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Webhooks;

public sealed class IngestTests
{
    [Fact]
    public async Task ABadSignatureCostsNoDatabaseAndWhatIsGoodIsDeliveredAgain()
    {
        await using var postgres = await LocalPostgres.RunAsync();
        await using var system = await WaMcpSystem.StartWithClockAsync(new AgelessClock(), postgres);
        var webhooks = new WebhookDriver(system);
        var secret = await AddOwnAppAsync(system, "300000000000001");
        (await webhooks.PostAsync("{}", secret)).ShouldBe(200);

        await postgres.StopAsync();

        (await webhooks.PostAsync("{}", "nobody's secret")).ShouldBe(401, "it needed no database to say so");
        (await webhooks.PostAsync("{}", secret)).ShouldBe(503);
        await postgres.StartAsync();
        await Eventually.TrueAsync("accepted", async () => await webhooks.PostAsync("{}", secret) == 200);
    }

    [Fact]
    public async Task ASecretCountsFromTheMomentOnWhenItIsThereAndThePreviousOneAsWell()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var webhooks = new WebhookDriver(system);
        (await webhooks.PostAsync("{}", "not yet")).ShouldBe(401);
        var first = await AddOwnAppAsync(system, "300000000000001");
        (await webhooks.PostAsync("{}", first)).ShouldBe(200, "although the secrets were read a moment before");
        var second = await AddOwnAppAsync(system, "300000000000002");

        // What rotating does: the secret of the second is the first one's now.
        var next = RandomNumberGenerator.GetHexString(32);
        await system.Console.RunAsync((RotateAppSecret verb) => verb.ExecuteAsync("300000000000002", next, keepsPrevious: true, default));

        foreach (var secret in new[] { first, second, next })
        {
            (await webhooks.PostAsync("{}", secret)).ShouldBe(200);
        }

        await system.Console.RunAsync((RotateAppSecret verb) => verb.DropPreviousAsync("300000000000002", default));
        (await webhooks.PostAsync("{}", second)).ShouldBe(401);
        (await webhooks.PostAsync("{}", next)).ShouldBe(200);
        (await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'channel_secret_rotated'")).ShouldBe(2);
    }

    [Fact]
    public async Task SlowPartsOfOneNumberLeavePlacesForTheOthers()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var webhooks = new WebhookDriver(system);
        var (slow, quick) = (await system.Console.OnboardAsync(), await system.Console.OnboardAsync(ConsoleDriver.SalesNumber));
        await system.QueryAsync<object>("CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END'");
        await system.QueryAsync<object>("CREATE TRIGGER hold BEFORE INSERT ON messages FOR EACH ROW WHEN (NEW.body LIKE 'slow%') EXECUTE FUNCTION hold()");
        await system.QueryAsync<object>("GRANT EXECUTE ON FUNCTION hold TO PUBLIC");
        await using var holder = new NpgsqlConnection(system.Database.Owner);
        await holder.OpenAsync();
        await using var hold = new NpgsqlCommand("SELECT pg_advisory_lock(42)", holder);
        await hold.ExecuteNonQueryAsync();
        foreach (var number in Enumerable.Range(0, 40))
        {
            await webhooks.WriteAsync(WebhookDriver.Text($"slow {number}", WebhookDriver.Phone()));
        }

        await Eventually.TrueAsync("they are on their way", async () => await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind = 'Receive' AND lease_id IS NOT NULL") >= 8);
        await webhooks.DeliverAsync(WebhookDriver.Envelope(("messages", WebhookDriver.Value(ConsoleDriver.SalesNumber, [WebhookDriver.Text("quick", WebhookDriver.Phone())]))));
        await Eventually.TrueAsync("recorded", async () =>
            await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1 AND body = 'quick'", quick.Client.Id.Value) == 1);
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1", slow.Client.Id.Value)).ShouldBe(0);

        hold.CommandText = "SELECT pg_advisory_unlock(42)";
        await hold.ExecuteNonQueryAsync();
        await Eventually.TrueAsync("and then the others", async () =>
            await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1", slow.Client.Id.Value) == 40);
    }

    [Fact]
    public async Task AThousandUpdatesOfSeveralAccountsInThreeMegabytesAreOneDelivery()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var webhooks = new WebhookDriver(system);
        var (support, sales) = (await system.Console.OnboardAsync(), await system.Console.OnboardAsync(ConsoleDriver.SalesNumber));
        var body = new string('x', 2_800);
        var people = Enumerable.Range(0, 50).Select(_ => WebhookDriver.Phone()).ToArray();
        JsonArray Messages(int from) => [.. Enumerable.Range(from, 500).Select(number => number % 10 == 9
            ? WebhookDriver.Message("""{"type":"hologram"}""", people[number % 50])
            : WebhookDriver.Text($"{number} {body}", people[number % 50]))];
        var document = WebhookDriver.Envelope(("messages", WebhookDriver.Value(ConsoleDriver.SupportNumber, Messages(0))));
        var other = WebhookDriver.Envelope(("messages", WebhookDriver.Value(ConsoleDriver.SalesNumber, Messages(500))))["entry"]![0]!.DeepClone();
        other["id"] = "200000000000002";
        document["entry"]!.AsArray().Add(other);
        document.ToJsonString().Length.ShouldBeInRange(2_500_000, 3 * 1024 * 1024);

        await webhooks.DeliverAsync(document);
        await webhooks.DoneAsync();

        foreach (var client in new[] { support, sales })
        {
            (await system.QueryAsync<string>(
                "SELECT count(*) || ' ' || count(*) FILTER (WHERE kind = 'unsupported') || ' ' || count(DISTINCT contact_id) FROM messages WHERE client_id = $1", client.Client.Id.Value))
                .ShouldBe("500 50 50");
        }
    }

    [Fact]
    public async Task ALongPartIsRecordedInShortTransactionsOfWhichOneCanFail()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var webhooks = new WebhookDriver(system);
        TestClient[] clients = [await system.Console.OnboardAsync(), await system.Console.OnboardAsync()];
        // One of them fails in the middle, once, after others were recorded.
        await system.QueryAsync<object>(
            """
            CREATE SEQUENCE tries;
            GRANT USAGE ON SEQUENCE tries TO wa_app;
            CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('tries') = 1 THEN RAISE 'no'; END IF; RETURN NULL; END $$;
            CREATE TRIGGER fail_once AFTER INSERT ON messages FOR EACH ROW WHEN (NEW.body = '777') EXECUTE FUNCTION fail_once();
            """);

        await webhooks.WriteAsync([.. Enumerable.Range(0, 1_000).Select(number => WebhookDriver.Text($"{number}", $"1555{1_000_000 + number}", $"US.{number}"))]);
        await Eventually.TrueAsync("both have everything", async () =>
            await system.QueryAsync<long>("SELECT count(*) FROM messages") == 2_000 && await system.QueryAsync<long>("SELECT count(*) FROM jobs") == 0);

        (await system.QueryAsync<string>("SELECT concat_ws(' ', count(*), count(DISTINCT body), count(DISTINCT contact_id)) FROM messages")).ShouldBe("2000 1000 2000");
        foreach (var client in clients)
        {
            (await system.QueryAsync<long>("SELECT sum((metadata->>'messages')::bigint)::bigint FROM audit_log WHERE action = 'webhook_processed' AND client_id = $1", client.Client.Id.Value)).ShouldBe(1_000);
            (await system.QueryAsync<long>("SELECT max((metadata->>'messages')::bigint)::bigint FROM audit_log WHERE action = 'webhook_processed' AND client_id = $1", client.Client.Id.Value)).ShouldBe(50);
        }
    }

    private static async Task<string> AddOwnAppAsync(WaMcpSystem system, string number)
    {
        var secret = RandomNumberGenerator.GetHexString(32);
        await system.Console.RunAsync((AddChannel verb) => verb.ExecuteAsync(new($"own-{number}", number, null, "+1 555 010 0300", "EAAown", secret), default));
        return secret;
    }
}
