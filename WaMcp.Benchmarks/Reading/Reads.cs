using System.Text.Json;

namespace WaMcp.Benchmarks.Reading;

/// <summary>What is read from one archive: the calls of tools that are measured.</summary>
internal sealed class Reads : IAsyncDisposable
{
    private const string NeverSaid = "\"order my\""; // of words that a third of all messages hold, the other way round

    private readonly StdioServer server;

    private Reads(StdioServer server, IReadOnlyList<(string Name, string Tool, object Arguments)> all) => (this.server, All) = (server, all);

    public IReadOnlyList<(string Name, string Tool, object Arguments)> All { get; }

    public static async Task<Reads> PrepareAsync(MessageArchive archive, CancellationToken cancellationToken)
    {
        var server = await StdioServer.StartAsync(archive.Postgres.App, cancellationToken);
        var (latest, _) = await server.CallAsync("get_messages", new { channel = MessageArchive.ChannelName, limit = 1 }, cancellationToken);
        var since = latest.GetProperty("cursor").GetString();
        await archive.AddNewAsync(cancellationToken);
        var far = await FarPageAsync(server, archive, cancellationToken);
        var (middle, conversationId) = (archive.MessageAt(500).ToString(), archive.Conversation.ToString());
        const string channel = MessageArchive.ChannelName;
        return new(server,
        [
            ("nothing (ping)", "ping", new { }),
            ("get_messages: the latest", "get_messages", new { channel }),
            ("get_messages: before the middle", "get_messages", new { channel, before = middle }),
            ("get_messages: among the first", "get_messages", new { channel, before = archive.MessageAt(50).ToString() }),
            ("get_messages: since a cursor", "get_messages", new { channel, since }),
            ("get_messages: a conversation", "get_messages", new { conversationId }),
            ("get_message_context", "get_message_context", new { messageId = middle }),
            ("list_conversations", "list_conversations", new { }),
            ("list_conversations: far back", "list_conversations", new { next = far }),
            ("list_conversations: unread", "list_conversations", new { unread = true }),
            ("list_contacts", "list_contacts", new { }),
            ("list_contacts: find", "list_contacts", new { find = "person 3" }),
            Search("in every third", "hello"),
            Search("in one of 100", "refund"),
            Search("in one of 1,000", "voucher"),
            Search("in 5 of all", "needle"),
            Search("in none", "nowhere"),
            Search("two words", "hello refund"),
            Search("a phrase", "\"my order\""),
            Search("a phrase nobody says", NeverSaid),
            Search("Chinese", "订单"),
            Search("Chinese nobody says", "单订"),
            Search("Thai", "ของฉัน"),
            Search("the name of a file", "invoice"),
            ("search: of a conversation", "search_messages", new { query = "hello", conversationId }),
            ("search: inbound of a channel", "search_messages", new { query = "refund", channel, direction = "inbound" }),
            ("search: going on, nobody says", "search_messages", new { query = NeverSaid, before = middle }),
        ]);
    }

    /// <summary>Does one of them.</summary>
    /// <returns>How many things it found, and the milliseconds it took.</returns>
    public async Task<(int Found, double Milliseconds)> RunAsync(int read, CancellationToken cancellationToken)
    {
        var (answer, took) = await server.CallAsync(All[read].Tool, All[read].Arguments, cancellationToken);
        var list = answer.ValueKind == JsonValueKind.Object
            ? answer.EnumerateObject().Select(member => member.Value).FirstOrDefault(value => value.ValueKind == JsonValueKind.Array) : default;
        return (list.ValueKind == JsonValueKind.Array ? list.GetArrayLength() : 0, took.TotalMilliseconds);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private static (string Name, string Tool, object Arguments) Search(string name, string query) => ($"search: {name}", "search_messages", new { query });

    // Half way through the conversations; null where there are so few that they are one page.
    private static async Task<string?> FarPageAsync(StdioServer server, MessageArchive archive, CancellationToken cancellationToken)
    {
        string? next = null;
        for (var page = 0; page < archive.Count / 40_000; page++)
        {
            var (answer, _) = await server.CallAsync("list_conversations", new { next, limit = 100 }, cancellationToken);
            next = answer.TryGetProperty("next", out var more) ? more.GetString() : next;
        }

        return next;
    }
}
