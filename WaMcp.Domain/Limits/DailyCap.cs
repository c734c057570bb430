using Npgsql;
using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Limits;

/// <summary>The daily caps: messages over the last 24 hourly buckets, per key and per grant.</summary>
/// <remarks>
/// Taken in the transaction that moves messages to <c>sending</c>, under an advisory lock per subject, so that workers side by side
/// cannot both take the last place. Subjects are locked in one order. A message over the cap becomes <c>failed</c> with <c>daily_cap</c>.
/// </remarks>
public static class DailyCap
{
    private const string Lock =
        "SELECT pg_advisory_xact_lock(hashtextextended(subject, 0)) FROM unnest($1) WITH ORDINALITY AS row (subject, place) ORDER BY place";

    private const string Used =
        """
        SELECT subject, sum(count)::bigint FROM rate_limit_buckets
        WHERE subject = ANY ($1) AND bucket_start > date_trunc('hour', $2::timestamptz, 'UTC') - interval '24 hours'
        GROUP BY subject
        """;

    private const string Take =
        """
        INSERT INTO rate_limit_buckets AS bucket (subject, bucket_start, count)
        SELECT subject, date_trunc('hour', $3::timestamptz, 'UTC'), places FROM unnest($1, $2) AS row (subject, places)
        ON CONFLICT (subject, bucket_start) DO UPDATE SET count = bucket.count + excluded.count
        """;

    private const string GiveBack =
        """
        UPDATE rate_limit_buckets bucket SET count = greatest(bucket.count - back.places, 0)
        FROM (SELECT subject, date_trunc('hour', taken, 'UTC') AS bucket_start, count(*) AS places FROM unnest($1, $2) AS row (subject, taken) GROUP BY 1, 2) back
        WHERE bucket.subject = back.subject AND bucket.bucket_start = back.bucket_start
        """;

    // A bucket counts until 24 hours after it began. Of the oldest, so many have to go until there is a place again.
    private const string Read =
        """
        WITH buckets AS (
            SELECT bucket_start, count, sum(count) OVER (ORDER BY bucket_start) AS gone, sum(count) OVER () AS used
            FROM rate_limit_buckets
            WHERE subject = $1 AND count > 0 AND bucket_start > date_trunc('hour', $2::timestamptz, 'UTC') - interval '24 hours')
        SELECT coalesce(max(used), 0)::bigint, min(bucket_start) FILTER (WHERE used >= $3 AND used - gone < $3) + interval '24 hours' FROM buckets
        """;

    /// <summary>What a key's cap is counted under.</summary>
    public static string SubjectOf(ApiKeyId key) => $"daily:{key}";

    /// <summary>What a grant's cap is counted under.</summary>
    public static string SubjectOf(ClientId client, ChannelId channel) => $"daily:{client}:{channel}";

    /// <summary>How much of a cap is used; takes nothing.</summary>
    public static async Task<CapUse> ReadAsync(
        NpgsqlDataSource database, string subject, int cap, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Read);
        command.Parameters.AddWithValue(subject);
        command.Parameters.AddWithValue(now);
        command.Parameters.AddWithValue(cap);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var used = reader.GetInt64(0);
        return new CapUse(cap, used, Math.Max(0, cap - used), reader.IsDBNull(1) ? null : reader.GetFieldValue<DateTimeOffset>(1));
    }

    /// <summary>Locks the subjects until the connection's transaction ends and says how many places of each are taken; none is 0.</summary>
    public static async Task<IReadOnlyDictionary<string, long>> LockAsync(
        NpgsqlConnection connection, IEnumerable<string> subjects, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var ordered = InOrder(subjects);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new(Lock) { Parameters = { new() { Value = ordered } } });
        batch.BatchCommands.Add(new(Used) { Parameters = { new() { Value = ordered }, new() { Value = now } } }); // sees what was taken until it was locked
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var used = ordered.ToDictionary(subject => subject, _ => 0L);
        while (await reader.ReadAsync(cancellationToken))
        {
            used[reader.GetString(0)] = reader.GetInt64(1);
        }

        return used;
    }

    /// <summary>Takes so many places of each subject, which the caller has locked and found free.</summary>
    public static async Task TakeAsync(
        NpgsqlConnection connection, IReadOnlyDictionary<string, int> places, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Take, connection);
        command.Parameters.AddWithValue(places.Keys.ToArray());
        command.Parameters.AddWithValue(places.Values.ToArray());
        command.Parameters.AddWithValue(now);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Gives places back, one for each entry: the messages they were taken for did not go out.</summary>
    public static async Task GiveBackAsync(
        NpgsqlConnection connection, IReadOnlyCollection<(string Subject, DateTimeOffset Taken)> places, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new(Lock) { Parameters = { new() { Value = InOrder(places.Select(place => place.Subject)) } } });
        batch.BatchCommands.Add(new(GiveBack)
        {
            Parameters =
            {
                new() { Value = places.Select(place => place.Subject).ToArray() }, new() { Value = places.Select(place => place.Taken).ToArray() },
            },
        });
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string[] InOrder(IEnumerable<string> subjects) => [.. subjects.Distinct().Order(StringComparer.Ordinal)];
}
