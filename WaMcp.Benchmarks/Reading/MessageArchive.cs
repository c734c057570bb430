using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Benchmarks.Reading;

/// <summary>A database with so many messages of one client over one channel, in conversations of a hundred.</summary>
internal sealed class MessageArchive : IAsyncDisposable
{
    private const string Client = "00000000-0000-7000-8000-000000000001";
    private const string Number = "00000000-0000-7000-8000-000000000002";
    private const int OfEach = 100;

    private readonly BenchPostgres postgres;
    private readonly NpgsqlDataSource database;
    private readonly DbContextOptions<WaMcpDbContext> options;
    private ReadingCursor lately = null!;

    private MessageArchive(BenchPostgres postgres, int count)
    {
        (this.postgres, Count) = (postgres, count);
        database = NpgsqlDataSource.Create(postgres.App);
        options = new DbContextOptionsBuilder<WaMcpDbContext>().UseNpgsql(database).Options;
    }

    public int Count { get; }

    public static async Task<MessageArchive> BuildAsync(int count, CancellationToken cancellationToken)
    {
        var archive = new MessageArchive(await BenchPostgres.StartAsync(cancellationToken), count);
        await archive.FillAsync(cancellationToken);
        return archive;
    }

    public Reader Open() => new(this);

    public async Task PrintPlansAsync(CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(postgres.Owner);
        await connection.OpenAsync(cancellationToken);
        foreach (var statement in (string[])[
            $"SET wamcp.client_id = '{Client}'", "LOAD 'auto_explain'", "SET auto_explain.log_min_duration = 0", "SET auto_explain.log_nested_statements = on",
            "SET auto_explain.log_analyze = on", "SET auto_explain.log_timing = off", "SET client_min_messages = log",
        ])
        {
            await using var setting = new NpgsqlCommand(statement, connection);
            await setting.ExecuteNonQueryAsync(cancellationToken);
        }

        connection.Notice += (_, notice) => Console.WriteLine(notice.Notice.MessageText);
        foreach (var words in (string[])["hello", "refund", "needle"])
        {
            Console.WriteLine($"\n== {words}");
            await using var search = new NpgsqlCommand(
                $"SELECT find_messages('{words}', '{Number}', NULL, NULL, '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 21)", connection);
            await search.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        await postgres.DisposeAsync();
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        await ExecuteAsync(
            $"""
            INSERT INTO clients (id, slug, display_name, is_owner, created_at) VALUES ('{Client}', 'bench', 'Bench', false, now());
            INSERT INTO channels (id, kind, name, profile, provider_id, address, created_at)
            VALUES ('{Number}', 'WhatsApp', 'bench', 'Platform', '1', '+1 555 010 0001', now());
            INSERT INTO contacts (id, client_id, channel_id, phone, created_at)
            SELECT {Id("a", "n")}, '{Client}', '{Number}', (15550000000 + n)::text, now() FROM generate_series(0, {Count / OfEach}) n;
            INSERT INTO conversations (id, client_id, channel_id, contact_id, last_inbound_at, last_message_at, created_at)
            SELECT {Id("b", "n")}, '{Client}', '{Number}', {Id("a", "n")}, now(), now(), now() FROM generate_series(0, {Count / OfEach}) n
            """,
            cancellationToken);
        const int batch = 50_000;
        for (var from = 1; from <= Count; from += batch)
        {
            await InsertAsync(from, Math.Min(Count, from + batch - 1), cancellationToken);
        }

        await ExecuteAsync("VACUUM ANALYZE", cancellationToken);
        await ExecuteAsync("CHECKPOINT", cancellationToken);
        await using var reader = Open();
        lately = (await reader.Messages.LatestAsync(reader.Channel, 1, cancellationToken)).Cursor!;
        await InsertAsync(Count + 1, Count + 15, cancellationToken);
    }

    // Ids in the order of time, conversations mixed, twelve words of a vocabulary in which some are said much more often than others.
    private Task InsertAsync(int from, int to, CancellationToken cancellationToken) => ExecuteAsync(
        $"""
        INSERT INTO messages (id, client_id, channel_id, conversation_id, contact_id, direction, kind, heard, body, raw, state, created_at)
        SELECT {Id("c", "n")}, '{Client}', '{Number}', {Id("b", $"n % {Math.Max(Count / OfEach, 1)}")}, {Id("a", $"n % {Math.Max(Count / OfEach, 1)}")},
            CASE WHEN n % 2 = 0 THEN 'Inbound' ELSE 'Outbound' END, 'text', n % 2 = 0,
            concat_ws(' ', CASE WHEN n % 3 = 0 THEN 'Hello' END, CASE WHEN n % 100 = 9 THEN 'refund' END, CASE WHEN n % {Math.Max(Count / 5, 1)} = 3 THEN 'needle' END,
                CASE WHEN n % 50 = 11 THEN '我的订单在哪里' END,
                (SELECT string_agg('word' || floor(20000 * random() ^ 3)::int, ' ') FROM generate_series(1, 12 + 0 * n))),
            '{"{}"}', CASE WHEN n % 2 = 0 THEN 'Received' ELSE 'Read' END, now()
        FROM generate_series({from}, {to}) n
        """,
        cancellationToken);

    private static string Id(string kind, string number) => $"('0190{kind}{kind}{kind}{kind}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid";

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(postgres.Owner);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>A call's scope, as wa_app and as the client.</summary>
    internal sealed class Reader : IAsyncDisposable
    {
        private readonly MessageArchive archive;
        private readonly WaMcpDbContext context;
        private readonly SearchMessages search;

        public Reader(MessageArchive archive)
        {
            this.archive = archive;
            var tenant = new TenantContext();
            tenant.Set(new ClientId(Guid.Parse(Client)));
            context = new WaMcpDbContext(archive.options, tenant);
            (Messages, search) = (new ReadMessages(context, tenant), new SearchMessages(context, tenant));
        }

        public ReadMessages Messages { get; }

        public ReadMessages.Scope Channel { get; } = new(new ChannelId(Guid.Parse(Number)));

        public ReadMessages.Scope Conversation => Channel with { Conversation = new ConversationId(Numbered('b', archive.Count / OfEach / 2)) };

        public MessageId Middle => new(Numbered('c', archive.Count / 2));

        public ReadingCursor Lately => archive.lately;

        public async Task SearchAsync(string words, ConversationId? conversation, CancellationToken cancellationToken)
        {
            var found = await search.ExecuteAsync(new(words, [Channel.Channel], conversation, null, null, null, null), 20, cancellationToken);
            await Messages.LoadAsync(found.Ids, cancellationToken);
        }

        public ValueTask DisposeAsync() => context.DisposeAsync();

        private static Guid Numbered(char kind, int number) =>
            Guid.Parse(string.Create(CultureInfo.InvariantCulture, $"0190{new string(kind, 4)}-0000-7000-8000-{number:x12}"));
    }
}
