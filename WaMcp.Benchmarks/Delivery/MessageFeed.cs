using System.Diagnostics;
using Npgsql;

namespace WaMcp.Benchmarks.Delivery;

/// <summary>Accepted messages of one client on one number, fed into the database as the server would leave them.</summary>
/// <param name="owner">The database, as its owner.</param>
/// <param name="people">To how many, in turns.</param>
internal sealed class MessageFeed(string owner, int people)
{
    private const string Client = "00000000-0000-7000-8000-000000000001";
    private const string Channel = "00000000-0000-7000-8000-000000000002";

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    private const string FeedSql =
        $$"""
        WITH message AS (
            INSERT INTO messages (id, client_id, channel_id, conversation_id, contact_id, direction, kind, body, raw, state, created_at)
            SELECT (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text || clock_timestamp()), 1, 3) || '8'
                || substr(md5(clock_timestamp() || n::text), 1, 15))::uuid, '{{Client}}', '{{Channel}}', conversation.id, contact_id, 'Outbound', 'text', 'bench',
                '{"kind":"text","text":"A message of a benchmark."}', 'Queued', clock_timestamp()
            FROM generate_series($1, $1 + $2 - 1) AS n, LATERAL (
                SELECT conversation.id, contact_id FROM people JOIN conversations conversation ON conversation.id = people.conversation
                WHERE place = n % $3 LIMIT 1) conversation
            RETURNING id, conversation_id
        )
        INSERT INTO jobs (id, kind, client_id, channel_id, subject_id, run_at, order_key)
        SELECT gen_random_uuid(), 'Deliver', '{{Client}}', '{{Channel}}', id, now(), conversation_id FROM message
        """;

    private long fed;
    private DateTimeOffset measuredFrom;

    /// <summary>A client, a number with that pace, and the people.</summary>
    public async Task PrepareAsync(int messagesPerSecond, CancellationToken cancellationToken) => await ScalarAsync(
        $"""
        ALTER TABLE channels DROP CONSTRAINT channels_messages_per_second_check;
        INSERT INTO clients (id, slug, display_name, is_owner, created_at) VALUES ('{Client}', 'bench', 'Bench', false, now());
        INSERT INTO channels (id, kind, name, profile, provider_id, account_id, address, created_at, messages_per_second)
            VALUES ('{Channel}', 'WhatsApp', 'bench', 'Platform', '100000000000001', '200000000000001', '+1 555 010 0001', now(), {messagesPerSecond});
        INSERT INTO grants (id, client_id, channel_id, tools, daily_message_cap, created_at)
            VALUES (gen_random_uuid(), '{Client}', '{Channel}', ARRAY['send_message'], 100000000, now());
        CREATE TABLE people AS SELECT n AS place, gen_random_uuid() AS contact, gen_random_uuid() AS conversation FROM generate_series(0, {people} - 1) n;
        CREATE INDEX ON people (place);
        INSERT INTO contacts (id, client_id, channel_id, phone, created_at) SELECT contact, '{Client}', '{Channel}', (15560000000 + place)::text, now() FROM people;
        INSERT INTO conversations (id, client_id, channel_id, contact_id, last_message_at, created_at)
            SELECT conversation, '{Client}', '{Channel}', contact, now(), now() FROM people;
        ANALYZE
        """,
        cancellationToken);

    /// <summary>Feeds evenly for so long.</summary>
    public async Task RunAsync(int perSecond, TimeSpan span, CancellationToken cancellationToken)
    {
        measuredFrom = DateTimeOffset.UtcNow;
        // Compiling the statement would take longer than running it.
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(owner) { Options = "-c jit=off" }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        var feed = new NpgsqlBatchCommand(FeedSql) { Parameters = { new() { Value = 0 }, new() { Value = 0 }, new() { Value = people } } };
        batch.BatchCommands.Add(feed);
        batch.BatchCommands.Add(new("NOTIFY wamcp_jobs"));
        var (started, before) = (Stopwatch.GetTimestamp(), fed);
        while (Stopwatch.GetElapsedTime(started) is var elapsed && fed - before < perSecond * span.TotalSeconds)
        {
            var due = (int)Math.Min(perSecond * (elapsed + Step).TotalSeconds, perSecond * span.TotalSeconds) - (int)(fed - before);
            if (due > 0)
            {
                (feed.Parameters[0].Value, feed.Parameters[1].Value) = ((int)fed, due);
                await batch.PrepareAsync(cancellationToken);
                await batch.ExecuteNonQueryAsync(cancellationToken);
                fed += due;
            }

            await Task.Delay(Step, cancellationToken);
        }
    }

    /// <summary>Has Postgres look at its tables, as it does by itself in a system that has run for a minute.</summary>
    public Task AnalyzeAsync(CancellationToken cancellationToken) => ScalarAsync("ANALYZE", cancellationToken);

    /// <summary>Waits until everything is settled, and says how many jobs there were at first.</summary>
    public async Task<long> EmptyAsync(CancellationToken cancellationToken)
    {
        var first = await CountAsync();
        while (await CountAsync() > 0)
        {
            await Task.Delay(20, cancellationToken);
        }

        return first;

        async Task<long> CountAsync() => (long)(await ScalarAsync("SELECT count(*) FROM jobs WHERE kind = 'Deliver'", cancellationToken))!;
    }

    /// <summary>How many were sent since the last run began, seconds from accepted to settled, and how many in the busiest second.</summary>
    public async Task<(long Count, double P50, double P99, long Busiest)> ResultAsync(CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(owner);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY lag), percentile_cont(0.99) WITHIN GROUP (ORDER BY lag),
                (SELECT max(n) FROM (SELECT count(*) AS n FROM messages WHERE created_at >= $1 GROUP BY date_trunc('second', sent_at)) seconds)
            FROM (SELECT extract(epoch FROM sent_at - created_at)::float8 AS lag FROM messages WHERE created_at >= $1 AND sent_at IS NOT NULL) lags
            """,
            connection);
        command.Parameters.AddWithValue(measuredFrom);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetDouble(1), reader.GetDouble(2), reader.GetInt64(3));
    }

    private async Task<object?> ScalarAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(owner);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken);
    }
}
