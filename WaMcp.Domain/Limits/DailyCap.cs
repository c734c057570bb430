using Npgsql;
using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Limits;

/// <summary>The daily caps: messages over the last 24 hourly buckets, per key and per grant.</summary>
/// <remarks>
/// Taken in the transaction that moves a message to <c>sending</c>, under an advisory lock per subject, so that workers side by side
/// cannot both take the last place. A message over the cap becomes <c>failed</c> with <c>daily_cap</c>.
/// </remarks>
public static class DailyCap
{
    private const string TakeOne =
        """
        INSERT INTO rate_limit_buckets AS bucket (subject, bucket_start, count)
        SELECT $1, date_trunc('hour', $2::timestamptz, 'UTC'), 1
        WHERE (SELECT coalesce(sum(count), 0) FROM rate_limit_buckets
               WHERE subject = $1 AND bucket_start > date_trunc('hour', $2::timestamptz, 'UTC') - interval '24 hours') < $3
        ON CONFLICT (subject, bucket_start) DO UPDATE SET count = bucket.count + 1
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

    /// <summary>Takes one place of the subject's cap, inside the connection's transaction.</summary>
    /// <returns>False when the cap is used up; then nothing was taken.</returns>
    public static async Task<bool> TryTakeAsync(
        NpgsqlConnection connection, string subject, int cap, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))") { Parameters = { new() { Value = subject } } });
        batch.BatchCommands.Add(new(TakeOne) { Parameters = { new() { Value = subject }, new() { Value = now }, new() { Value = cap } } });
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return batch.BatchCommands[1].RecordsAffected == 1;
    }

    /// <summary>Gives one place back: the message it was taken for did not go out.</summary>
    public static async Task GiveBackAsync(NpgsqlConnection connection, string subject, DateTimeOffset taken, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "UPDATE rate_limit_buckets SET count = count - 1 WHERE subject = $1 AND bucket_start = date_trunc('hour', $2::timestamptz, 'UTC') AND count > 0",
            connection);
        command.Parameters.AddWithValue(subject);
        command.Parameters.AddWithValue(taken);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
