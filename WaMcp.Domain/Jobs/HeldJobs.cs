using Npgsql;
using NpgsqlTypes;
using WaMcp.Domain.Channels;

namespace WaMcp.Domain.Jobs;

/// <summary>
/// Many claimed jobs at once, inside the caller's transaction: hold their leases first, then end or put back those that were held. Whose lease
/// was lost is left out, and costs nobody else anything.
/// </summary>
public static class HeldJobs
{
    // 45 messages at once, one every 6 seconds: see pair_free_at in 0005_delivery.sql.
    private static readonly TimeSpan PairAhead = TimeSpan.FromSeconds(44 * 6);

    /// <summary>A job that goes back into the queue.</summary>
    /// <param name="Job">Which.</param>
    /// <param name="Wait">Not before that much later.</param>
    /// <param name="Error">Why; never content.</param>
    /// <param name="Counts">Whether the attempt counts.</param>
    public sealed record Return(Job Job, TimeSpan Wait, string Error, bool Counts);

    /// <summary>What holding leases came to.</summary>
    /// <param name="Held">Those that are the caller's until the transaction ends, and how long until the pair may send.</param>
    /// <param name="Busy">Those that are the caller's and locked by somebody at this moment. All others are somebody else's by now.</param>
    public sealed record Holding(IReadOnlyDictionary<JobId, TimeSpan> Held, IReadOnlySet<JobId> Busy);

    // That the ids are among those given is said twice in these statements: joined with them alone, a plan that was made while there were few jobs reads all of them.
    private const string HoldOrWait =
        """
        SELECT job.id, greatest(tat - $3 - now(), interval '0')
        FROM unnest($1, $2) AS lease (id, lease_id) JOIN jobs job ON job.id = lease.id AND job.lease_id = lease.lease_id
            LEFT JOIN pacing ON subject = 'pair:' || job.order_key
        WHERE job.id = ANY ($1)
        ORDER BY job.id FOR UPDATE OF job
        """;

    private const string HoldOrPass = HoldOrWait + " SKIP LOCKED";

    private const string MineSql =
        "SELECT job.id FROM unnest($1, $2) AS lease (id, lease_id) JOIN jobs job ON job.id = lease.id AND job.lease_id = lease.lease_id WHERE job.id = ANY ($1)";

    private const string RenewSql =
        """
        UPDATE jobs SET run_at = now() + $3
        FROM unnest($1, $2) AS mine (id, lease_id)
        WHERE jobs.id = ANY ($1) AND jobs.id = mine.id AND jobs.lease_id = mine.lease_id AND jobs.run_at < now() + $4
        """;

    private const string ReturnSql =
        """
        UPDATE jobs SET lease_id = NULL, run_at = now() + back.wait, attempts = attempts - back.free, last_error = back.error
        FROM unnest($1, $2, $3, $4, $5) AS back (id, lease_id, wait, free, error)
        WHERE jobs.id = ANY ($1) AND jobs.id = back.id AND jobs.lease_id = back.lease_id
        """;

    private const string CompleteSql =
        """
        DELETE FROM jobs USING unnest($1, $2) AS done (id, lease_id)
        WHERE jobs.id = ANY ($1) AND jobs.id = done.id AND jobs.lease_id = done.lease_id
        """;

    /// <summary>Checks and holds the leases until the caller's transaction ends: nobody can claim the jobs meanwhile.</summary>
    /// <param name="connection">In a transaction, which Postgres ends if nothing comes for that long.</param>
    /// <param name="jobs">Claimed jobs.</param>
    /// <param name="patience">The longest pause within the transaction.</param>
    /// <param name="wait">Whether to wait for those that somebody has locked. Whoever holds many must not wait for one more.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    public static async Task<Holding> HoldAsync(
        NpgsqlConnection connection, IEnumerable<Job> jobs, TimeSpan patience, bool wait, CancellationToken cancellationToken)
    {
        Job[] all = [.. jobs];
        var held = await LockAsync(connection, all, patience, wait, cancellationToken);
        var busy = wait || held.Count == all.Length ? [] : await MineAsync(connection, [.. all.Where(job => !held.ContainsKey(job.Id))], cancellationToken);
        return new(held, busy);
    }

    private static async Task<Dictionary<JobId, TimeSpan>> LockAsync(
        NpgsqlConnection connection, Job[] jobs, TimeSpan patience, bool wait, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        // Whoever froze in the middle of a transaction would keep what it holds from its rescuer.
        batch.BatchCommands.Add(new($"SELECT set_config('idle_in_transaction_session_timeout', $1, true), {JobQueue.ByIndex}")
        {
            Parameters = { new() { Value = $"{patience.TotalMilliseconds:0}" } },
        });
        var hold = new NpgsqlBatchCommand(wait ? HoldOrWait : HoldOrPass);
        AddLeases(hold.Parameters, jobs);
        hold.Parameters.Add(new() { Value = PairAhead });
        batch.BatchCommands.Add(hold);
        await batch.PrepareAsync(cancellationToken);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var held = new Dictionary<JobId, TimeSpan>();
        while (await reader.ReadAsync(cancellationToken))
        {
            held.Add(new JobId(reader.GetGuid(0)), reader.IsDBNull(1) ? TimeSpan.Zero : reader.GetFieldValue<TimeSpan>(1));
        }

        return held;
    }

    // Of those that could not be locked: whose lease is ours all the same.
    private static async Task<HashSet<JobId>> MineAsync(NpgsqlConnection connection, Job[] jobs, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(MineSql, connection);
        AddLeases(command.Parameters, jobs);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var mine = new HashSet<JobId>();
        while (await reader.ReadAsync(cancellationToken))
        {
            mine.Add(new JobId(reader.GetGuid(0)));
        }

        return mine;
    }

    /// <summary>Begins the leases of held jobs anew, of those that have no more than so much left.</summary>
    public static async Task RenewAsync(
        NpgsqlConnection connection, IReadOnlyList<Job> jobs, TimeSpan lease, TimeSpan left, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(RenewSql, connection);
        AddLeases(command.Parameters, jobs);
        command.Parameters.AddWithValue(lease);
        command.Parameters.AddWithValue(left);
        await command.PrepareAsync(cancellationToken);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Removes held jobs that are done.</summary>
    public static Task CompleteAsync(NpgsqlConnection connection, IReadOnlyList<Job> jobs, CancellationToken cancellationToken) =>
        CompleteAsync(connection, jobs, lockPatience: null, cancellationToken);

    /// <summary>Removes jobs that are done, or will be when the caller's transaction commits.</summary>
    /// <param name="connection">In a transaction.</param>
    /// <param name="jobs">Claimed jobs.</param>
    /// <param name="lockPatience">How long the transaction waits for anything that somebody has locked; null for as long as a statement may take.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <exception cref="LeaseLostException">Somebody else has one of them by now; the transaction must not commit.</exception>
    public static async Task CompleteAsync(
        NpgsqlConnection connection, IReadOnlyList<Job> jobs, TimeSpan? lockPatience, CancellationToken cancellationToken)
    {
        if (jobs.Count == 0)
        {
            return;
        }

        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new($"SELECT set_config('lock_timeout', $1, true), {JobQueue.ByIndex}")
        {
            Parameters = { new() { Value = $"{lockPatience?.TotalMilliseconds ?? 0:0}" } },
        });
        var delete = new NpgsqlBatchCommand(CompleteSql);
        AddLeases(delete.Parameters, jobs);
        batch.BatchCommands.Add(delete);
        await batch.PrepareAsync(cancellationToken);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        Require(delete.RecordsAffected, jobs);
    }

    /// <summary>Puts held jobs back.</summary>
    public static async Task ReturnAsync(NpgsqlConnection connection, IReadOnlyList<Return> returns, CancellationToken cancellationToken)
    {
        if (returns.Count == 0)
        {
            return;
        }

        await using var command = new NpgsqlCommand(ReturnSql, connection);
        Job[] jobs = [.. returns.Select(back => back.Job)];
        AddLeases(command.Parameters, jobs);
        command.Parameters.Add(new() { Value = returns.Select(back => back.Wait).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Interval });
        command.Parameters.Add(new() { Value = returns.Select(back => back.Counts ? 0 : 1).ToArray() });
        command.Parameters.Add(new() { Value = returns.Select(back => back.Error).ToArray() });
        await RunAsync(command, jobs, cancellationToken);
    }

    /// <summary>Lets a channel send nothing for so long.</summary>
    public static async Task PauseAsync(NpgsqlConnection connection, ChannelId channel, TimeSpan pause, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            INSERT INTO pacing (subject, tat) VALUES ('number:' || $1::text, now() + $2)
            ON CONFLICT (subject) DO UPDATE SET tat = greatest(pacing.tat, excluded.tat)
            """,
            connection);
        command.Parameters.AddWithValue(channel.Value);
        command.Parameters.AddWithValue(pause);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    // They were held, so anything else is a mistake of ours; the caller's transaction must not commit.
    private static async Task RunAsync(NpgsqlCommand command, IReadOnlyList<Job> jobs, CancellationToken cancellationToken)
    {
        await command.PrepareAsync(cancellationToken);
        Require(await command.ExecuteNonQueryAsync(cancellationToken), jobs);
    }

    private static void Require(int done, IReadOnlyList<Job> jobs)
    {
        if (done != jobs.Count)
        {
            throw new LeaseLostException(jobs[0].Id);
        }
    }

    private static void AddLeases(NpgsqlParameterCollection parameters, IReadOnlyList<Job> jobs)
    {
        parameters.Add(new() { Value = jobs.Select(job => job.Id.Value).ToArray() });
        parameters.Add(new() { Value = jobs.Select(job => job.LeaseId!.Value).ToArray() });
    }
}
