using Npgsql;

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
