using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Tools;

[Collection(SharedSystemTests.Name)]
public sealed class SearchTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    public static TheoryData<string, string, bool> Queries => new()
    {
        { "Where is my order?", "order", true },
        { "Where is my order?", "ORDER my", true },
        { "Where is my order?", "orders", false },
        { "Where is my order?", "ord", false },
        { "Where is my order?", "order missing", false },
        { "Where is my order?", "\"my order\"", true },
        { "Where is my order?", "\"order my\"", false },
        { "Where is my order?", "\"is my", true },
        { "It is order-1234 of ada@example.com", "1234", true },
        { "It is order-1234 of ada@example.com", "order-1234", true },
        { "It is order-1234 of ada@example.com", "1234-order", false },
        { "It is order-1234 of ada@example.com", "example", true },
        { "I don't know", "don't", true },
        { "Größe ÄNDERN", "größe ändern", true },
        { "ﬁle Ｆｕｌｌ", "file full", true },
        { "Πού είναι η παραγγελία;", "ΠΑΡΑΓΓΕΛΊΑ", true },
        { "Где мой заказ?", "заказ", true },
        { "أين طلبي؟", "طلبي", true },
        { "मेरा ऑर्डर कहाँ है", "ऑर्डर", true },
        { "我的订单在哪里", "订单", true },
        { "我的订单在哪里", "单", true },
        { "我的订单在哪里", "单订", false },
        { "我的订单在哪里", "我的订单在哪里", true },
        { "東京 都庁", "京都", false },
        { "東京都に行きます", "京都 東京", true },
        { "ｱｲｽください", "アイス", true },
        { "คำสั่งซื้อของฉันอยู่ที่ไหน", "ของฉัน", true },
        { "학교에 갔어요", "학교", true },
        { "新しいiPhone手机です", "iphone手机", true },
        { "新しいiPhone手机です", "iphone", true },
        { "Great 👍🏽 thanks", "👍", true },
        { "Five ⭐⭐⭐⭐⭐ at ⏰ ▶️", "⭐", true },
        { "Five ⭐⭐⭐⭐⭐ at ⏰ ▶️", "⏰ ▶", true },
        { "Love ❤️❤️", "❤❤", true },
        { "Love ❤❤", "❤️", true },
        { "Οδός: μεγάλος δρόμος", "ΔΡΌΜΟΣ", true },
        { "Hauptstraße 7", "HAUPTSTRASSE", true },
        { "HAUPTSTRASSE 7", "Hauptstraße", true },
        { "'; DROP TABLE messages; -- \\ & | ! :*", "drop table", true },
        { "plain", "pla:* & !plain", false },
    };

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task WordsAreFoundInEveryLanguage(string said, string query, bool isFound)
    {
        var client = await system.Console.OnboardAsync();
        var id = await Written.MessageAsync(system, await ConversationAsync(client), said);
        (await IdsAsync(client, new { query })).ShouldBe(isFound ? [id] : []);
    }

    [Theory]
    [InlineData("2026-03-01", true)]
    [InlineData("2026-03-01T09:00", true)]
    [InlineData("2026-03-01T09:00Z", true)]
    [InlineData("2026-03-01T09:00:00+02:00", true)]
    [InlineData("2026-03-01T09:00:00.123456Z", true)]
    [InlineData("01-02-2026", false)]
    [InlineData("2026-3-1", false)]
    [InlineData("2026-03-01 09:00", false)]
    [InlineData("1 March - 2026", false)]
    [InlineData("2026-02-30", false)]
    public async Task TimesAreIso8601(string from, bool isTime)
    {
        var client = await system.Console.OnboardAsync();
        var answer = await system.Mcp(client.Token).CallAsync("search_messages", new { query = "hello", from });
        (answer.IsError ? answer.Reason : "").ShouldBe(isTime ? "" : "invalid_input");
    }

    [Fact]
    public async Task WhatThePersonWroteAndWhatWasAnsweredIsFoundAndFiltered()
    {
        var talk = await Talk.BeginAsync(system);
        var word = $"w{Guid.NewGuid():N}";
        var heard = await talk.HearAsync($"{word} one");
        var sent = (await talk.SendAsync("send_message", new { text = $"{word} two" })).GetProperty("messageId").GetString()!;
        var message = await talk.Mcp.ResultAsync("get_message", new { messageId = heard });
        var (conversationId, contactId) = (message.GetProperty("conversationId").GetString(), message.GetProperty("contact").GetProperty("id").GetString());
        var between = message.GetProperty("createdAt").GetDateTimeOffset().AddHours(-1);
        var elsewhere = Written.Id(await ConversationAsync(talk.Client));

        (await IdsAsync(talk.Client, new { query = word })).ShouldBe([sent, heard], "newest first");
        (await IdsAsync(talk.Client, new { query = word, channel = talk.Channel })).ShouldBe([sent, heard]);
        (await IdsAsync(talk.Client, new { query = word, conversationId })).ShouldBe([sent, heard]);
        (await IdsAsync(talk.Client, new { query = word, conversationId = elsewhere })).ShouldBeEmpty();
        (await IdsAsync(talk.Client, new { query = word, contactId })).ShouldBe([sent, heard]);
        (await IdsAsync(talk.Client, new { query = word, direction = "inbound" })).ShouldBe([heard]);
        (await IdsAsync(talk.Client, new { query = word, direction = "outbound" })).ShouldBe([sent]);
        (await IdsAsync(talk.Client, new { query = word, from = between.ToString("O") })).ShouldBe([sent, heard]);
        (await IdsAsync(talk.Client, new { query = word, until = between.ToString("O") })).ShouldBeEmpty();
        (await IdsAsync(talk.Client, new { query = word, from = DateTimeOffset.UtcNow.AddHours(1).ToString("O") })).ShouldBeEmpty();
    }

    [Fact]
    public async Task WhatIsPrunedOrErasedIsFoundNoMore()
    {
        var talk = await Talk.BeginAsync(system);
        var word = $"w{Guid.NewGuid():N}";
        var heard = await talk.HearAsync($"{word} secret");
        (await IdsAsync(talk.Client, new { query = word })).ShouldBe([heard]);

        await system.Console.EraseAsync(talk.Client, talk.Phone);

        (await IdsAsync(talk.Client, new { query = word })).ShouldBeEmpty();
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1 AND search::text LIKE '%' || $2 || '%'", talk.Client.Client.Id.Value, word))
            .ShouldBe(0);
    }

    [Theory]
    [InlineData("CASE WHEN n % 3 = 0 THEN 'often said' ELSE 'other' END", 1_000)] // among the newest
    [InlineData("CASE WHEN n % 60 = 0 THEN 'often said' ELSE 'other' END", 50)] // rare
    [InlineData("CASE WHEN n IN (5, 7) THEN 'often said' ELSE 'other' END", 2)] // the index of words knows them all
    [InlineData("CASE WHEN n < 2700 THEN 'often said' ELSE 'other' END", 2_699)] // often, but not lately
    public async Task PagesLeadToTheEndWhileMessagesArrive(string said, int count)
    {
        var client = await system.Console.OnboardAsync(rpm: 100_000);
        var conversation = await ConversationAsync(client);
        await Written.ManyAsync(system, conversation, 3_000, said);
        var found = new List<string>();
        string? before = null;
        do
        {
            var page = await system.Mcp(client.Token).ResultAsync("search_messages", new { query = "said often", before, limit = 90 });
            found.AddRange(page.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("id").GetString()!));
            before = page.TryGetProperty("next", out var next) ? next.GetString() : null;
            await Written.MessageAsync(system, conversation, "it is often said");
        }
        while (before is not null);

        found.ShouldBeUnique();
        found.ShouldBe(Enumerable.OrderDescending(found, StringComparer.Ordinal).ToList());
        found.Count.ShouldBe(count);
    }

    [Fact]
    public async Task OnlyChannelsThatAreGrantedForItAreSearched()
    {
        var client = await system.Console.OnboardAsync();
        var other = await system.Console.ChannelAsync(ConsoleDriver.SalesNumber);
        await system.Console.GrantAsync(client.Client, other, ["get_messages"]);
        var (_, token) = await system.Console.MintAsync(
            client.Client, ["tools:search_messages", "tools:get_messages", $"numbers:{client.Channel.Id}", $"numbers:{other.Id}"]);
        var mine = await Written.MessageAsync(system, await ConversationAsync(client), "needle here");
        await Written.MessageAsync(system, await Written.ConversationAsync(system, client.Client.Id.Value, other.Id.Value), "needle there");

        var found = (await system.Mcp(token).ResultAsync("search_messages", new { query = "needle" })).GetProperty("messages").EnumerateArray();
        found.Select(message => message.GetProperty("id").GetString()).ShouldBe([mine]);
        (await system.Mcp(token).CallAsync("search_messages", new { query = "needle", channel = other.Name })).Reason.ShouldBe("grant_denied");
    }

    [Fact]
    public async Task SeveralChannelsAreOneList()
    {
        var client = await system.Console.OnboardAsync();
        var other = await system.Console.ChannelAsync(ConsoleDriver.SalesNumber);
        await system.Console.GrantAsync(client.Client, other);
        var (_, token) = await system.Console.MintAsync(client.Client, ["tools:search_messages", $"numbers:{client.Channel.Id}", $"numbers:{other.Id}"]);
        Guid[] conversations = [await ConversationAsync(client), await Written.ConversationAsync(system, client.Client.Id.Value, other.Id.Value)];
        var written = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            written.Add(await Written.MessageAsync(system, conversations[i % 2], $"needle {i}"));
        }

        var found = new List<string>();
        string? before = null;
        do
        {
            var page = await system.Mcp(token).ResultAsync("search_messages", new { query = "needle", before, limit = 2 });
            found.AddRange(page.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("id").GetString()!));
            before = page.TryGetProperty("next", out var next) ? next.GetString() : null;
        }
        while (before is not null);

        found.ShouldBe(Enumerable.Reverse(written));
    }

    [Fact]
    public async Task NoTextKeepsAMessageFromBeingRecorded()
    {
        var client = await system.Console.OnboardAsync();
        var conversation = await ConversationAsync(client);
        foreach (var text in new[] { "", " ", new string('x', 20_000), new string('水', 20_000), string.Join(' ', Enumerable.Range(0, 9_000)), "\u0001\u200d\ufffe\u202e", "e\u0301" + new string('\u0301', 500) })
        {
            await Written.MessageAsync(system, conversation, text);
        }

        (await IdsAsync(client, new { query = "8999" })).Length.ShouldBeLessThanOrEqualTo(1);
        (await IdsAsync(client, new { query = "水水" })).Length.ShouldBe(1);
    }

    [Fact]
    public async Task AMessageThatMovesOnIsNotIndexedAgain()
    {
        var client = await system.Console.OnboardAsync();
        var conversation = await ConversationAsync(client);
        var id = Domain.Data.TypedId.TryParse<Domain.Messages.MessageId>(await Written.MessageAsync(system, conversation, "one two three"), out var read) ? read.Value : default;
        // A state and its time are in no index, so the new version lies beside the old one and no index is written.
        const string hot = "SELECT pg_stat_get_xact_tuples_hot_updated('messages'::regclass)";
        await using var connection = new Npgsql.NpgsqlConnection(system.Database.Owner);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var update = new Npgsql.NpgsqlCommand("UPDATE messages SET delivered_at = now(), read_at = now() WHERE id = $1", connection) { Parameters = { new() { Value = id } } };
        await update.ExecuteNonQueryAsync();
        await using var count = new Npgsql.NpgsqlCommand(hot, connection);
        (await count.ExecuteScalarAsync()).ShouldBe(1L);
    }

    private async Task<string[]> IdsAsync(TestClient client, object arguments) =>
        [.. (await system.Mcp(client.Token).ResultAsync("search_messages", arguments)).GetProperty("messages").EnumerateArray()
            .Select(message => message.GetProperty("id").GetString()!)];

    private Task<Guid> ConversationAsync(TestClient client) => Written.ConversationAsync(system, client.Client.Id.Value, client.Channel.Id.Value);
}
