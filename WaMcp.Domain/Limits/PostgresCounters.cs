using Npgsql;

namespace WaMcp.Domain.Limits;

/// <summary>The same counters in Postgres (<c>rate_limit_buckets</c>), for while Redis is away.</summary>
/// <param name="database">The database.</param>
internal sealed class PostgresCounters(NpgsqlDataSource database)
{
    // $1 counter, $2 this minute, $3 the one before, $4 limit, $5 milliseconds left, $6 least current, $7 least previous.
    private const string CountSql =
        """
        WITH previous AS (
            SELECT greatest($7, (SELECT count FROM rate_limit_buckets WHERE subject = $1 AND bucket_start = $3)) AS count
        ), admitted AS (
            INSERT INTO rate_limit_buckets AS bucket (subject, bucket_start, count)
            SELECT $1, $2, $6 + 1 FROM previous WHERE previous.count * $5 + ($6 + 1) * 60000 <= $4 * 60000
            ON CONFLICT (subject, bucket_start) DO UPDATE SET count = greatest(bucket.count, $6) + 1
                WHERE (SELECT count FROM previous) * $5 + (greatest(bucket.count, $6) + 1) * 60000 <= $4 * 60000
            RETURNING count
        )
        SELECT (SELECT count FROM admitted)::bigint, previous.count::bigint,
               greatest($6, (SELECT count FROM rate_limit_buckets WHERE subject = $1 AND bucket_start = $2))::bigint
        FROM previous
        """;

    // A statement holds its rows until it is done, and calls wait for them.
    private const int RaisedAtOnce = 500;

    // In one order, so that two processes cannot wait for each other.
    private const string RaiseSql =
        """
        INSERT INTO rate_limit_buckets AS bucket (subject, bucket_start, count)
        SELECT subject, bucket_start, count FROM unnest($1::text[], $2::timestamptz[], $3::bigint[]) AS seen (subject, bucket_start, count)
        ORDER BY subject, bucket_start
        ON CONFLICT (subject, bucket_start) DO UPDATE SET count = excluded.count WHERE bucket.count < excluded.count
        """;

    private const string RecentSql =
        "SELECT subject, bucket_start, count::bigint FROM rate_limit_buckets WHERE subject LIKE 'rpm:%' AND bucket_start >= $1";

    /// <summary>Counts one call, if the limit admits it.</summary>
    public async Task<Counts> CountAsync(CallBudget budget, (long Current, long Previous) least, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var start = SlidingWindow.BucketStart(now);
        await using var command = database.CreateCommand(CountSql);
        command.Parameters.AddWithValue(budget.Counter);
        command.Parameters.AddWithValue(start);
        command.Parameters.AddWithValue(start - SlidingWindow.Length);
        command.Parameters.AddWithValue((long)budget.Limit);
        command.Parameters.AddWithValue(SlidingWindow.LeftMs(now));
        command.Parameters.AddWithValue(least.Current);
        command.Parameters.AddWithValue(least.Previous);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var admitted = !reader.IsDBNull(0);
        return new(admitted, reader.GetInt64(admitted ? 0 : 2), reader.GetInt64(1));
    }

    /// <summary>Sees to it that no bucket counts less than these.</summary>
    public async Task RaiseAsync(IReadOnlyList<Bucket> buckets, CancellationToken cancellationToken)
    {
        foreach (var some in buckets.OrderBy(bucket => bucket.Counter, StringComparer.Ordinal).Chunk(RaisedAtOnce))
        {
            await using var command = database.CreateCommand(RaiseSql);
            command.Parameters.AddWithValue(some.Select(bucket => bucket.Counter).ToArray());
            command.Parameters.AddWithValue(some.Select(bucket => SlidingWindow.StartOf(bucket.Minute)).ToArray());
            command.Parameters.AddWithValue(some.Select(bucket => bucket.Count).ToArray());
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>Everything that a window can still reach.</summary>
    public async Task<IReadOnlyList<Bucket>> RecentAsync(long minute, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(RecentSql);
        command.Parameters.AddWithValue(SlidingWindow.StartOf(minute - 1));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var buckets = new List<Bucket>();
        while (await reader.ReadAsync(cancellationToken))
        {
            buckets.Add(new(reader.GetString(0), SlidingWindow.Minute(reader.GetFieldValue<DateTimeOffset>(1)), reader.GetInt64(2)));
        }

        return buckets;
    }
}
