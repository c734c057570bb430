using System.Text.Json;
using Npgsql;
using WaMcp.Domain.Messages;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Tools;

/// <summary>get_messages with a cursor gives every message once, whenever and in whatever order they commit.</summary>
[Collection(SharedSystemTests.Name)]
public sealed class SinceTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    [Fact]
    public async Task AMessageThatCommitsLateWithAnEarlierIdIsNotMissed()
    {
        var client = await OwnChannelAsync();
        var mcp = system.Mcp(client.Token);
        var (slow, quick) = (await ConversationAsync(client), await ConversationAsync(client));
        var start = await ReadAsync(mcp, new { channel = client.Channel.Name });
        var startOfSlow = await ReadAsync(mcp, new { conversationId = Written.Id(slow) });
        await using var late = await Writing.BeginAsync(system, slow);

        var inTime = await Written.MessageAsync(system, quick, "in time");
        var first = await ReadAsync(mcp, new { channel = client.Channel.Name, since = start.Cursor });
        await late.CommitAsync();
        var second = await ReadAsync(mcp, new { channel = client.Channel.Name, since = first.Cursor });

        first.Ids.ShouldBe([inTime], "nothing is held back for a transaction that takes long");
        second.Ids.ShouldBe([late.Id]);
        string.CompareOrdinal(late.Id, inTime).ShouldBeLessThan(0, "a cursor that is an id would have missed it");
        (await ReadAsync(mcp, new { channel = client.Channel.Name, since = second.Cursor })).Ids.ShouldBeEmpty();
        (await ReadAsync(mcp, new { conversationId = Written.Id(slow), since = startOfSlow.Cursor })).Ids.ShouldBe([late.Id]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task WhateverTheOrderOfCommitsEachMessageComesOnce(int seed)
    {
        var dice = new Random(seed);
        var client = await OwnChannelAsync();
        var mcp = system.Mcp(client.Token);
        var open = new List<Writing>();
        var free = new Stack<Guid>();
        for (var i = 0; i < 5; i++)
        {
            free.Push(await ConversationAsync(client));
        }

        var (written, read) = (new List<string>(), new List<string>());
        var cursor = (await ReadAsync(mcp, new { channel = client.Channel.Name })).Cursor;
        for (var step = 0; step < 80; step++)
        {
            switch (dice.Next(3))
            {
                case 0 when free.TryPop(out var conversation):
                    open.Add(await Writing.BeginAsync(system, conversation));
                    written.Add(open[^1].Id);
                    break;
                case 1 when open.Count > 0:
                    await CommitAsync(open[dice.Next(open.Count)]);
                    break;
                case 2:
                    await ReadPageAsync();
                    break;
            }
        }

        while (open.Count > 0)
        {
            await CommitAsync(open[0]);
        }

        // One page for what was being read, and then all that is left.
        for (var more = 2; more > 0;)
        {
            more = await ReadPageAsync() ? 2 : more - 1;
        }

        read.ShouldBe(written, ignoreOrder: true);

        async Task CommitAsync(Writing writing)
        {
            await writing.CommitAsync();
            await writing.DisposeAsync();
            open.Remove(writing);
            free.Push(writing.Conversation);
        }

        async Task<bool> ReadPageAsync()
        {
            var page = await ReadAsync(mcp, new { channel = client.Channel.Name, since = cursor, limit = 2 });
            read.AddRange(page.Ids);
            cursor = page.Cursor;
            return page.HasMore;
        }
    }

    [Fact]
    public async Task ACursorIsGoodOnlyWhereItWasGiven()
    {
        var (mine, theirs) = (await OwnChannelAsync(), await OwnChannelAsync(ConsoleDriver.SalesNumber));
        var cursor = (await ReadAsync(system.Mcp(theirs.Token), new { channel = theirs.Channel.Name })).Cursor;
        var conversationId = Written.Id(await ConversationAsync(mine));
        var mcp = system.Mcp(mine.Token);
        var own = (await ReadAsync(mcp, new { conversationId })).Cursor;

        foreach (var (tool, arguments) in new (string, object)[]
        {
            ("get_messages", new { channel = mine.Channel.Name, since = cursor }), // another client's
            ("get_messages", new { channel = mine.Channel.Name, since = own }),
            ("get_messages", new { conversationId = Written.Id(await ConversationAsync(mine)), since = own }),
            ("wait_for_reply", new { conversationId, since = own, timeoutSeconds = 1 }),
        })
        {
            var refused = await mcp.CallAsync(tool, arguments);
            (refused.Reason, refused.Structured.GetProperty("field").GetString()).ShouldBe(("invalid_input", "since"));
        }

        (await ReadAsync(mcp, new { conversationId, since = own })).Ids.ShouldBeEmpty();
    }

    [Fact]
    public async Task ACursorOfAnotherDatabaseIsRefusedInsteadOfMissingEverything()
    {
        var client = await OwnChannelAsync();
        var mcp = system.Mcp(client.Token);
        ReadingCursor.TryParse((await ReadAsync(mcp, new { channel = client.Channel.Name })).Cursor, out var good).ShouldBeTrue();
        foreach (var bad in new[] { good! with { Seen = new((1UL << 40) + 5, (1UL << 40) + 5, []) }, good with { Cluster = good.Cluster + 1 } })
        {
            var answer = await mcp.CallAsync("get_messages", new { channel = client.Channel.Name, since = bad.ToString() });
            answer.Reason.ShouldBe("invalid_input");
            answer.Structured.GetProperty("field").GetString().ShouldBe("since");
        }
    }

    [Fact]
    public void ACursorIsReadAsItWasWritten()
    {
        var seen = new TransactionSnapshot(700, 70_000, [700, 701, 69_999]);
        foreach (var cursor in new[] { new ReadingCursor(5, uint.MaxValue, seen), new ReadingCursor(uint.MaxValue, 0, seen, new(new(800, 800, []), 799, MessageId.From(Guid.CreateVersion7()))) })
        {
            ReadingCursor.TryParse(cursor.ToString(), out var read).ShouldBeTrue();
            read!.ToString().ShouldBe(cursor.ToString());
            (read.Scope, read.Cluster).ShouldBe((cursor.Scope, cursor.Cluster));
            read.Seen.ToString().ShouldBe("700:70000:700,701,69999");
            read.Reading?.Message.ShouldBe(cursor.Reading!.Message);
            for (var cut = 0; cut < cursor.ToString().Length; cut++)
            {
                (ReadingCursor.TryParse(cursor.ToString()[..cut], out var part) && part.ToString() == cursor.ToString()).ShouldBeFalse();
            }
        }
    }

    // Nobody else writes to what this client hears.
    private Task<TestClient> OwnChannelAsync(string number = ConsoleDriver.SupportNumber) => system.Console.OnboardAsync(number, rpm: 100_000);

    private Task<Guid> ConversationAsync(TestClient client) => Written.ConversationAsync(system, client.Client.Id.Value, client.Channel.Id.Value);

    private static async Task<(string[] Ids, bool HasMore, string Cursor)> ReadAsync(McpDriver mcp, object arguments)
    {
        var page = await mcp.ResultAsync("get_messages", arguments);
        // What tests of the same run write to the number from the sandbox reaches every client of it.
        return ([.. page.GetProperty("messages").EnumerateArray().Where(IsWritten).Select(message => message.GetProperty("id").GetString()!)],
            page.GetProperty("hasMore").GetBoolean(), page.GetProperty("cursor").GetString()!);
    }

    private static bool IsWritten(JsonElement message) => message.GetProperty("contact").GetProperty("phone").GetString()!.StartsWith("+1556", StringComparison.Ordinal);

    /// <summary>A transaction that has written a message and not committed.</summary>
    private sealed class Writing : IAsyncDisposable
    {
        private readonly NpgsqlConnection connection;
        private readonly NpgsqlTransaction transaction;

        private Writing(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid conversation, string id) =>
            (this.connection, this.transaction, Conversation, Id) = (connection, transaction, conversation, id);

        public Guid Conversation { get; }

        public string Id { get; }

        public static async Task<Writing> BeginAsync(WaMcpSystem system, Guid conversation)
        {
            var connection = new NpgsqlConnection(system.Database.Owner);
            await connection.OpenAsync();
            var transaction = await connection.BeginTransactionAsync();
            var id = Domain.Data.TypedId.New<MessageId>();
            await using var insert = new NpgsqlCommand(Written.Message, connection);
            insert.Parameters.AddWithValue(id.Value);
            insert.Parameters.AddWithValue(conversation);
            insert.Parameters.AddWithValue("late");
            await insert.ExecuteNonQueryAsync();
            return new Writing(connection, transaction, conversation, id.ToString());
        }

        public Task CommitAsync() => transaction.CommitAsync();

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
