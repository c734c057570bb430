using Npgsql;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Tools;

/// <summary>A call reads only so many rows; what lies further is found by going on, and nothing is left out.</summary>
[Collection(SharedSystemTests.Name)]
public sealed class SearchBudgetTests(SharedSystem shared)
{
    private const int PageRows = 40; // a bitmap's rows are counted by whole pages of the table

    private readonly WaMcpSystem system = shared.System;

    [Theory]
    [InlineData("\"said often\"")]
    [InlineData("\"often often\"")] // which nobody says
    public async Task ShortPagesLeadToTheEndOverTwoChannels(string query)
    {
        var client = await system.Console.OnboardAsync(rpm: 100_000);
        var other = await system.Console.ChannelAsync(ConsoleDriver.SalesNumber);
        await system.Console.GrantAsync(client.Client, other);
        var (_, token) = await system.Console.MintAsync(
            client.Client, ["tools:search_messages", $"numbers:{client.Channel.Id}", $"numbers:{other.Id}"], rpm: 100_000);
        var mine = client.Client.Id.Value;
        Guid[] conversations = [await Written.ConversationAsync(system, mine, client.Channel.Id.Value), await Written.ConversationAsync(system, mine, other.Id.Value)];
        for (var round = 0; round < 8; round++)
        {
            // Both channels in turns, one busier. Every message holds both words; only some old ones have them in the order that is asked for.
            var said = round < 3 ? "CASE WHEN n % 400 = 0 THEN 'said often' ELSE 'often said' END" : "'often said'";
            await Written.ManyAsync(system, conversations[round % 2], round % 2 == 0 ? 4_000 : 2_500, said);
        }

        var (found, shortPages) = (new List<string>(), 0);
        string? before = null;
        do
        {
            var page = await system.Mcp(token).ResultAsync("search_messages", new { query, before, limit = 10 });
            found.AddRange(page.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("id").GetString()!));
            before = page.TryGetProperty("next", out var next) ? next.GetString() : null;
            shortPages += before is not null && page.GetProperty("messages").GetArrayLength() < 10 ? 1 : 0;
        }
        while (before is not null);

        found.ShouldBe(await PlainAsync(mine, query.Trim('"')));
        shortPages.ShouldBeGreaterThan(0, "or the budget was never used up");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(150)]
    [InlineData(400)]
    [InlineData(10_000)]
    public async Task WhateverTheBudgetEveryMessageIsFoundOnceAndNoMoreRowsAreRead(int budget)
    {
        var client = await system.Console.OnboardAsync();
        var mine = client.Client.Id.Value;
        var conversation = await Written.ConversationAsync(system, mine, client.Channel.Id.Value);
        var count = budget < 100 ? 300 : 3_000; // in small steps few
        await Written.ManyAsync(system, conversation, count, "CASE WHEN n % 11 = 0 THEN 'a said often b' WHEN n < 1500 THEN 'often said' ELSE 'other' END");
        await using var connection = new NpgsqlConnection($"{system.Database.Owner};Pooling=false;Options=-c wamcp.client_id={mine}");
        await connection.OpenAsync();
        foreach (var words in new[] { "said often", "often said" })
        {
            var found = new List<string>();
            Guid? before = Guid.AllBitsSet;
            while (before is not null)
            {
                await using var transaction = await connection.BeginTransactionAsync();
                var earlier = await RowsAsync(connection);
                await using var search = new NpgsqlCommand(
                    "SELECT ids, reached FROM find_messages(search_query(ARRAY[$1]), $2, NULL, NULL, $3, $4, 20, $5)", connection)
                {
                    Parameters =
                    {
                        new() { Value = words }, new() { Value = client.Channel.Id.Value }, new() { Value = Guid.Empty }, new() { Value = before.Value }, new() { Value = budget },
                    },
                };
                await using (var reader = await search.ExecuteReaderAsync())
                {
                    await reader.ReadAsync();
                    var ids = reader.GetFieldValue<Guid[]>(0);
                    found.AddRange(ids.Select(id => new Domain.Messages.MessageId(id).ToString()));
                    before = await reader.IsDBNullAsync(1) ? (ids.Length == 20 ? ids[^1] : null) : reader.GetGuid(1);
                }

                (await RowsAsync(connection) - earlier).ShouldBeLessThanOrEqualTo(budget + Math.Min(budget, 1_000) + PageRows, "the walk, and once the index of words");
            }

            found.ShouldBe(await PlainAsync(mine, words));
        }
    }

    private static async Task<long> RowsAsync(NpgsqlConnection connection)
    {
        // Rows that an index scan leads to are counted with the index, those of a bitmap with the table.
        await using var rows = new NpgsqlCommand(
            """
            SELECT (pg_stat_get_xact_tuples_fetched('messages'::regclass) + sum(pg_stat_get_xact_tuples_fetched(indexrelid)))::bigint
            FROM pg_index WHERE indrelid = 'messages'::regclass
            """,
            connection);
        return (long)(await rows.ExecuteScalarAsync())!;
    }

    private async Task<IEnumerable<string>> PlainAsync(Guid client, string words) =>
        (await system.QueryAsync<Guid[]>("SELECT array_agg(id ORDER BY id DESC) FROM messages WHERE client_id = $1 AND body LIKE '%' || $2 || '%'", client, words) ?? [])
            .Select(id => new Domain.Messages.MessageId(id).ToString());
}
