using System.Diagnostics;
using System.Globalization;
using Npgsql;
using WaMcp.Domain.Access;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Messages;

namespace WaMcp.Benchmarks.Reading;

/// <summary>
/// A database with so many messages of a year: six of ten of the owner over one channel, two over another, the rest of twenty other clients; in
/// conversations of a hundred.
/// </summary>
internal sealed class MessageArchive : IAsyncDisposable
{
    /// <summary>What comes last, after the cursor.</summary>
    public const int New = 15;

    /// <summary>The channel that has most.</summary>
    public const string ChannelName = "bench1";

    private const int OfEach = 100;
    private const int Batch = 25_000;
    private const int Others = 20;

    private static readonly TimeSpan Year = TimeSpan.FromDays(365);

    private readonly BenchPostgres postgres;
    private readonly long start = DateTimeOffset.UtcNow.Subtract(Year).ToUnixTimeMilliseconds();

    private int added;

    private MessageArchive(BenchPostgres postgres, int count) => (this.postgres, Count) = (postgres, count);

    public int Count { get; }

    /// <summary>How long it took to write them, without the database's own start.</summary>
    public TimeSpan Took { get; private set; }

    public BenchPostgres Postgres => postgres;

    /// <summary>A message of the first channel, by how many are older than it, in thousandths.</summary>
    public MessageId MessageAt(int thousandths) => new(Guid.ParseExact(IdOf((long)Count * thousandths / 1000 / 10 * 10), "N"));

    /// <summary>A conversation of the first channel.</summary>
    public ConversationId Conversation => new(Guid.ParseExact($"0190bbbb0000700080000001{ConversationsOf(1) / 2:x8}", "N"));

    public static async Task<MessageArchive> BuildAsync(int count, CancellationToken cancellationToken)
    {
        var archive = new MessageArchive(await BenchPostgres.StartAsync(cancellationToken), count);
        var started = Stopwatch.GetTimestamp();
        await archive.FillAsync(cancellationToken);
        archive.Took = Stopwatch.GetElapsedTime(started);
        return archive;
    }

    /// <summary>Fifteen messages more, as they are recorded: with everything that follows from them.</summary>
    public async Task AddNewAsync(CancellationToken cancellationToken)
    {
        await ExecuteAsync(Insert(Count + added + 1, Count + added + New, newest: true), cancellationToken);
        added += New;
    }

    public ValueTask DisposeAsync() => postgres.DisposeAsync();

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        await PeopleAsync(cancellationToken);
        // The index of words is quicker made at once than kept; foreign keys and triggers see nothing new in rows that are all alike.
        var index = await ReadAsync("SELECT indexdef FROM pg_indexes WHERE indexname = 'messages_search'", cancellationToken);
        await ExecuteAsync("DROP INDEX messages_search", cancellationToken);
        var batches = Enumerable.Range(0, (Count + Batch - 1) / Batch);
        await Parallel.ForEachAsync(
            batches,
            new ParallelOptions { MaxDegreeOfParallelism = Math.Min(Environment.ProcessorCount, 8), CancellationToken = cancellationToken },
            async (batch, stop) => await ExecuteAsync(
                "SET session_replication_role = replica; SET synchronous_commit = off; SET jit = off; "
                + Insert((batch * Batch) + 1, Math.Min(Count, (batch + 1) * Batch)),
                stop));
        await ExecuteAsync($"SET maintenance_work_mem = '512MB'; {index}", cancellationToken);
        await ExecuteAsync("VACUUM ANALYZE", cancellationToken);
        await ExecuteAsync("CHECKPOINT", cancellationToken);
    }

    private Task PeopleAsync(CancellationToken cancellationToken)
    {
        var tools = string.Join(", ", ToolNames.All.Select(tool => $"'{tool}'"));
        var scopes = $"(SELECT n AS channel, {ClientOf("n")} AS client, CASE n WHEN 1 THEN {ConversationsOf(1)} WHEN 2 THEN {ConversationsOf(2)} ELSE {ConversationsOf(3)} END AS size "
            + $"FROM generate_series(1, {Others + 2}) n) scope, generate_series(0, size - 1) k";
        return ExecuteAsync(
            $"""
            INSERT INTO clients (id, slug, display_name, is_owner, created_at)
            SELECT {Id("d", "0", "n")}, 'bench' || n, 'Bench', n = 1, now() FROM generate_series(1, {Others + 1}) n;
            INSERT INTO channels (id, kind, name, profile, provider_id, address, created_at)
            SELECT {Id("e", "0", "n")}, 'WhatsApp', 'bench' || n, 'Platform', n::text, '+1 555 010 ' || lpad(n::text, 4, '0'), now() FROM generate_series(1, {Others + 2}) n;
            INSERT INTO grants (id, client_id, channel_id, tools, created_at)
            SELECT {Id("f", "0", "n")}, {Id("d", "0", ClientOf("n"))}, {Id("e", "0", "n")}, ARRAY[{tools}], now() FROM generate_series(1, {Others + 2}) n;
            INSERT INTO contacts (id, client_id, channel_id, phone, name, created_at)
            SELECT {Id("a", "channel", "k")}, {Id("d", "0", "client")}, {Id("e", "0", "channel")}, (15550000000 + k)::text, 'Person ' || k, now() FROM {scopes};
            INSERT INTO conversations (id, client_id, channel_id, contact_id, last_inbound_at, last_message_at, created_at, last_inbound_id)
            SELECT {Id("b", "channel", "k")}, {Id("d", "0", "client")}, {Id("e", "0", "channel")}, {Id("a", "channel", "k")}, now(), now() - k * interval '1 minute', now(),
                 CASE WHEN k % 200 = 7 THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' ELSE '00000000-0000-0000-0000-000000000000' END::uuid FROM {scopes}
            """,
            cancellationToken);
    }

    // Ids in the order of time. Twelve words of a vocabulary in which some are said much more often than others, and what is looked for; files have names.
    private string Insert(int from, int to, bool newest = false)
    {
        var conversations = $"(CASE channel WHEN 1 THEN {ConversationsOf(1)} WHEN 2 THEN {ConversationsOf(2)} ELSE {ConversationsOf(3)} END)";
        return
            $"""
            INSERT INTO messages (id, client_id, channel_id, conversation_id, contact_id, direction, kind, heard, body, content, raw, state, created_at, sent_at)
            SELECT {IdSql("n")}, {Id("d", "0", ClientOf("channel"))}, {Id("e", "0", "channel")}, {Id("b", "channel", "k")}, {Id("a", "channel", "k")},
                CASE WHEN {newest} OR dice % 2 = 0 THEN 'Inbound' ELSE 'Outbound' END, 'text', {newest} OR dice % 2 = 0,
                concat_ws(' ', CASE WHEN dice % 3 = 0 THEN 'Hello, where is my order?' END, CASE WHEN dice / 3 % 100 = 0 THEN 'refund' END,
                    CASE WHEN dice / 3 % 1000 = 1 THEN 'voucher' END, CASE WHEN n % {Math.Max(Count / 5, 10) / 10 * 10} = 0 THEN 'needle' END,
                    CASE WHEN dice / 3 % 50 = 11 THEN '我的订单在哪里' END, CASE WHEN dice / 3 % 50 = 12 THEN 'คำสั่งซื้อของฉันอยู่ที่ไหน' END,
                    (SELECT string_agg('word' || floor(20000 * random() ^ 3)::int, ' ') FROM generate_series(1, 12 + 0 * n))),
                CASE WHEN dice % 40 = 0 THEN json_build_object('file', json_build_object('type', 'document', 'fileName', 'invoice-' || n || '.pdf')) END,
                '{"{}"}', CASE WHEN dice % 2 = 0 THEN 'Received' ELSE 'Read' END, now(), now()
            FROM (
                SELECT n, channel, dice, n / 10 % {conversations} AS k
                FROM (
                    SELECT n, abs(hashint4(n)) AS dice, CASE WHEN {newest} OR n % 10 < 6 THEN 1 WHEN n % 10 < 8 THEN 2 ELSE 3 + n / 10 % {Others} END AS channel
                    FROM generate_series({from}, {to}) n) placed) message
            """;
    }

    private int ConversationsOf(int channel) => Math.Max((int)((long)Count * channel switch { 1 => 60, 2 => 20, _ => 1 } / 100 / OfEach), 1);

    private long Step => (long)Year.TotalMilliseconds / (Count + New);

    private string IdOf(long number) => string.Create(CultureInfo.InvariantCulture, $"{start + (number * Step):x12}70008000{number:x12}");

    private string IdSql(string number) => $"(lpad(to_hex({start} + {number} * {Step}::bigint), 12, '0') || '70008000' || lpad(to_hex({number}), 12, '0'))::uuid";

    private static string ClientOf(string channel) => $"greatest({channel} - 1, 1)";

    private static string Id(string kind, string group, string number) =>
        $"('0190{kind}{kind}{kind}{kind}000070008000' || lpad(to_hex({group}), 4, '0') || lpad(to_hex({number}), 8, '0'))::uuid";

    private async Task<string> ReadAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(postgres.Owner);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return (string)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(postgres.Owner);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
