using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Endpoints;
using WaMcp.Domain.Limits;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Jobs;

/// <summary>
/// The queue as SQL: enqueue in the causing transaction, claim in batches under a lease, complete guarded by that lease. Of jobs with one
/// order key only the first can be claimed, and not before its pair may send; triggers see to that (0005_delivery.sql).
/// </summary>
/// <param name="database">As wa_app.</param>
/// <param name="pacing">How much of a number's limit is used.</param>
public sealed class JobQueue(NpgsqlDataSource database, IOptions<PacingOptions> pacing)
{
    /// <summary>The notification channel that wakes workers, with the <see cref="JobKind"/> of the jobs that came; without one they may be of any.</summary>
    public const string Notification = "wamcp_jobs";

    /// <summary>For the statements of a transaction that look up single rows.</summary>
    /// <remarks>
    /// Planned while a table was nearly empty, they would read all of it when it is full. What still has to be read as a whole then looks so
    /// dear that it would be compiled first.
    /// </remarks>
    public const string ByIndex = "set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)";

    // What comes back later than that is found by whoever looks by the clock.
    private static readonly TimeSpan AskedAgain = TimeSpan.FromMinutes(1);

    // Claims also want the order of the index: while the table looks nearly empty, sorting everything that waits looks just as cheap. That leaves one plan,
    // whatever is claimed, and making it takes longer than claiming.
    private const string InOrderOfIndex =
        $"{ByIndex}, set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)";

    // Who has something to do, one by one along the index (however much everybody has), and how fast each number may send. The tat of a number is
    // its next free slot: the moment at which its next message may leave. Messages are claimed as far ahead of their slots as it usually takes
    // from a claim until they can leave.
    private const string TurnsSql =
        """
        WITH RECURSIVE turns AS (
            SELECT wanted.kind, first.turn, first.channel_id, first.client_id, first.endpoint_id, first.run_at
            FROM unnest($1::text[]) AS wanted (kind), LATERAL (
                SELECT turn, channel_id, client_id, endpoint_id, run_at FROM jobs WHERE kind = wanted.kind AND dead_at IS NULL AND NOT waits
                ORDER BY turn, run_at, seq LIMIT 1) first
            UNION ALL
            SELECT turns.kind, next.turn, next.channel_id, next.client_id, next.endpoint_id, next.run_at
            FROM turns, LATERAL (
                SELECT turn, channel_id, client_id, endpoint_id, run_at FROM jobs WHERE kind = turns.kind AND turn > turns.turn AND dead_at IS NULL AND NOT waits
                ORDER BY turn, run_at, seq LIMIT 1) next),
        paces AS MATERIALIZED (
            SELECT channel.id, channel.stopped_at, pace, allowance, greatest(pacing.tat, clock_timestamp()) AS tat
            FROM channels channel
            CROSS JOIN LATERAL (SELECT interval '1 s' / (messages_per_second * (1 - $2::float8)) AS pace) p
            CROSS JOIN LATERAL (SELECT greatest(interval '250 ms', pace) AS allowance) a
            LEFT JOIN pacing ON subject = 'number:' || channel.id)
        """;

    // A few of each turn, so that whoever has 100,000 jobs does not hold up somebody else's one; of a number no more than it may send now. What
    // somebody has locked is passed over at once: a transaction that hangs on one job must not hide those behind it.
    private const string ClaimSql =
        $"""
        {TurnsSql},
        open AS (
            SELECT turns.*, CASE WHEN kind = 'Deliver' AND stopped_at IS NOT NULL THEN 0 WHEN kind = 'Deliver' THEN least(
                coalesce(room.places, $6),
                floor(extract(epoch FROM clock_timestamp() + allowance - tat) / extract(epoch FROM pace) + 0.000001)::int)
                WHEN kind = 'Notify' THEN least(coalesce(own.places, $9), coalesce(room.places, $6))
                ELSE coalesce(room.places, $6) END AS free,
                coalesce(turns.channel_id, client_id) AS holder, CASE WHEN kind = 'Notify' THEN coalesce(room.places, $6) END AS most
            FROM turns LEFT JOIN paces ON paces.id = turns.channel_id
                LEFT JOIN unnest($7, $8) AS room (holder, places) ON room.holder = coalesce(turns.channel_id, client_id)
                LEFT JOIN unnest($7, $8) AS own (holder, places) ON own.holder = turns.endpoint_id
            WHERE run_at <= now()),
        candidates AS (
            SELECT job.id, open.holder, coalesce(open.most, open.free) AS most, row_number() OVER (PARTITION BY open.kind, open.turn ORDER BY job.run_at, job.seq) AS place
            FROM open, LATERAL (
                SELECT id, run_at, seq FROM jobs
                WHERE kind = open.kind AND turn = open.turn AND dead_at IS NULL AND NOT waits AND run_at <= now()
                ORDER BY run_at, seq LIMIT least(ceil($5 / (SELECT count(*) FROM open WHERE free IS NULL OR free > 0)::numeric), open.free)
                FOR UPDATE SKIP LOCKED) job
            WHERE free IS NULL OR free > 0),
        ranked AS (
            SELECT id, place, most, row_number() OVER (PARTITION BY holder ORDER BY place, random()) AS place_of_holder FROM candidates),
        claimed AS (
            UPDATE jobs SET lease_id = $3, attempts = attempts + 1, run_at = now() + $4
            WHERE id = ANY (ARRAY(SELECT id FROM ranked WHERE most IS NULL OR place_of_holder <= most ORDER BY place, random() LIMIT $5))
            RETURNING *),
        paced AS (
            INSERT INTO pacing (subject, tat)
            SELECT 'number:' || paces.id, max(paces.tat) + count(*) * max(paces.pace) FROM claimed JOIN paces ON paces.id = claimed.channel_id
            WHERE kind = 'Deliver' GROUP BY paces.id
            ON CONFLICT (subject) DO UPDATE SET tat = greatest(pacing.tat, excluded.tat)) -- a pause may have come meanwhile
        SELECT claimed.id, kind, client_id, channel_id, subject_id, run_at, attempts, lease_id, trace_parent, created_at, CASE WHEN kind = 'Deliver'
            THEN tat + (row_number() OVER (PARTITION BY channel_id ORDER BY seq) - 1) * pace - clock_timestamp() ELSE interval '0' END, endpoint_id, event
        FROM claimed LEFT JOIN paces ON paces.id = claimed.channel_id ORDER BY seq
        """;

    private const string NextDueSql =
        $"""
        {TurnsSql}
        SELECT min(CASE WHEN kind = 'Deliver' THEN greatest(run_at, tat + pace - allowance) ELSE run_at END) - now()
        FROM turns LEFT JOIN paces ON paces.id = turns.channel_id
        WHERE CASE kind WHEN 'Deliver' THEN stopped_at IS NULL AND turns.channel_id <> ALL ($3)
            WHEN 'Notify' THEN turns.client_id <> ALL ($3) AND turns.endpoint_id <> ALL ($3) ELSE turns.channel_id IS NULL OR turns.channel_id <> ALL ($3) END
        """;

    private const string NewSlotsSql =
        """
        UPDATE pacing SET tat = greatest(tat, clock_timestamp()) + wanted.slots * wanted.pace
        FROM (SELECT id, count(*) AS slots, interval '1 s' / (min(messages_per_second) * (1 - $2::float8)) AS pace
            FROM unnest($1::uuid[]) AS late (channel) JOIN channels ON id = channel GROUP BY id) wanted
        WHERE subject = 'number:' || wanted.id
        RETURNING wanted.id, tat - wanted.slots * wanted.pace - clock_timestamp(), wanted.pace
        """;

    /// <summary>Adds a job to the caller's transaction and wakes a worker when that commits.</summary>
    public static async Task EnqueueAsync(WaMcpDbContext context, NewJob job, CancellationToken cancellationToken) =>
        await EnqueueAsync((NpgsqlConnection)context.Database.GetDbConnection(), [job], cancellationToken);

    /// <summary>Adds jobs on an open connection, inside its transaction if it has one, and wakes a worker when that commits.</summary>
    public static Task EnqueueAsync(NpgsqlConnection connection, IReadOnlyCollection<NewJob> jobs, CancellationToken cancellationToken) =>
        EnqueueAsync(connection, jobs, wakes: true, cancellationToken);

    /// <summary>The same; without waking anybody it costs the commit no turn among all others of the cluster.</summary>
    public static async Task EnqueueAsync(NpgsqlConnection connection, IReadOnlyCollection<NewJob> jobs, bool wakes, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var job in jobs)
        {
            batch.BatchCommands.Add(new(
                """
                INSERT INTO jobs (id, kind, client_id, channel_id, subject_id, run_at, trace_parent, order_key, endpoint_id, event)
                VALUES ($1, $2, $3, $4, $5, now(), $6, $7, $8, $9)
                """)
            {
                Parameters =
                {
                    new() { Value = TypedId.New<JobId>().Value },
                    new() { Value = job.Kind.ToString() },
                    new() { Value = (object?)job.ClientId?.Value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
                    new() { Value = (object?)job.ChannelId?.Value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
                    new() { Value = job.SubjectId },
                    new() { Value = (object?)job.TraceParent ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                    new() { Value = (object?)job.OrderKey ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
                    new() { Value = (object?)job.EndpointId?.Value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
                    new() { Value = (object?)job.Event ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                },
            });
        }

        foreach (var kind in jobs.Select(job => job.Kind).Where(_ => wakes).Distinct())
        {
            batch.BatchCommands.Add(Wake(kind));
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Claims up to <paramref name="count"/> due jobs of these kinds, those of dead owners among them.</summary>
    /// <param name="kinds">Of which kinds; those of a newer version are left to it.</param>
    /// <param name="count">At most.</param>
    /// <param name="lease">How long nobody else takes them.</param>
    /// <param name="shares">How many of them may be one number's.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlyList<Job>> ClaimAsync(
        IReadOnlyCollection<JobKind> kinds, int count, TimeSpan lease, JobShares shares, CancellationToken cancellationToken)
    {
        // One claim at a time, or two workers would choose the same jobs and one of them get nothing. The whole batch is one round trip and
        // one transaction, so a worker that freezes here holds up nobody. Nor does it wait for the disk: whatever is durable of a job is written down after it.
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        var names = kinds.Select(kind => kind.ToString()).ToArray();
        batch.BatchCommands.Add(OneAtATime(names));
        batch.BatchCommands.Add(new(ClaimSql)
        {
            Parameters =
            {
                new() { Value = names }, new() { Value = pacing.Value.Headroom }, new() { Value = Guid.NewGuid() }, new() { Value = lease }, new() { Value = count },
                new() { Value = shares.OfOthers }, new() { Value = shares.Holders.ToArray() },
                new() { Value = shares.Holders.Select(shares.Of).ToArray() }, new() { Value = shares.OfOneEndpoint },
            },
        });
        await batch.PrepareAsync(cancellationToken); // planning it takes longer than running it
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var jobs = new List<Job>();
        while (await reader.ReadAsync(cancellationToken))
        {
            jobs.Add(Read(reader));
        }

        return jobs;
    }

    /// <summary>Other slots for messages that missed theirs.</summary>
    /// <param name="channels">The numbers, each as often as it needs slots.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Of each number the time until its first slot, and between two of them.</returns>
    public async Task<IReadOnlyDictionary<ChannelId, (TimeSpan First, TimeSpan Pace)>> NewSlotsAsync(
        IEnumerable<ChannelId> channels, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(OneAtATime(nameof(JobKind.Deliver)));
        batch.BatchCommands.Add(new(NewSlotsSql)
        {
            Parameters = { new() { Value = channels.Select(channel => channel.Value).ToArray() }, new() { Value = pacing.Value.Headroom } },
        });
        await batch.PrepareAsync(cancellationToken);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var slots = new Dictionary<ChannelId, (TimeSpan, TimeSpan)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            slots.Add(new ChannelId(reader.GetGuid(0)), (reader.GetTimeSpan(1), reader.GetTimeSpan(2)));
        }

        return slots;
    }

    /// <summary>How long until the next job of these kinds can be claimed, leaving out those of whoever has no share left; null when there is none.</summary>
    public async Task<TimeSpan?> NextDueAsync(IReadOnlyCollection<JobKind> kinds, JobShares shares, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new($"SELECT {InOrderOfIndex}"));
        batch.BatchCommands.Add(new(NextDueSql)
        {
            Parameters =
            {
                new() { Value = kinds.Select(kind => kind.ToString()).ToArray() }, new() { Value = pacing.Value.Headroom },
                new() { Value = shares.Holders.Where(holder => shares.Of(holder) == 0).ToArray() },
            },
        });
        await batch.PrepareAsync(cancellationToken);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) && !reader.IsDBNull(0) ? reader.GetTimeSpan(0) : null;
    }

    /// <summary>Removes a job that is done, inside the caller's transaction if the connection has one.</summary>
    /// <exception cref="LeaseLostException">Somebody else has it by now; the caller's transaction must not commit.</exception>
    public static async Task CompleteAsync(NpgsqlConnection connection, Job job, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("DELETE FROM jobs WHERE id = $1 AND lease_id = $2", connection);
        AddJob(command, job);
        if (await command.ExecuteNonQueryAsync(cancellationToken) != 1)
        {
            throw new LeaseLostException(job.Id);
        }
    }

    /// <summary>Gives a job back, to be claimed again after a while.</summary>
    /// <param name="job">The claimed job.</param>
    /// <param name="delay">Not before.</param>
    /// <param name="error">What went wrong; never content.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task ReturnAsync(Job job, TimeSpan delay, string error, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new("UPDATE jobs SET lease_id = NULL, run_at = now() + $3, last_error = $4 WHERE id = $1 AND lease_id = $2")
        {
            Parameters = { new() { Value = job.Id.Value }, new() { Value = job.LeaseId!.Value }, new() { Value = delay }, new() { Value = error } },
        });
        if (delay < AskedAgain)
        {
            batch.BatchCommands.Add(Wake(job.Kind)); // or it would be asked for only then
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Keeps a job for longer: what it waits for takes its time.</summary>
    /// <exception cref="LeaseLostException">Somebody else has it by now.</exception>
    public async Task ExtendAsync(Job job, TimeSpan lease, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("UPDATE jobs SET run_at = greatest(run_at, now() + $3) WHERE id = $1 AND lease_id = $2");
        AddJob(command, job);
        command.Parameters.AddWithValue(lease);
        if (await command.ExecuteNonQueryAsync(cancellationToken) != 1)
        {
            throw new LeaseLostException(job.Id);
        }
    }

    /// <summary>Puts jobs back as if they had not been claimed, and wakes somebody else for them if they are due.</summary>
    /// <param name="jobs">Claimed jobs; those that somebody else has by now stay as they are.</param>
    /// <param name="delay">Not before.</param>
    /// <param name="reason">What they wait for.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task PutBackAsync(IReadOnlyCollection<Job> jobs, TimeSpan delay, string? reason, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new(
            """
            UPDATE jobs SET lease_id = NULL, run_at = now() + $3, attempts = attempts - 1, last_error = coalesce($4, last_error)
            FROM unnest($1, $2) AS mine (id, lease_id) WHERE jobs.id = mine.id AND jobs.lease_id = mine.lease_id
            """)
        {
            Parameters =
            {
                new() { Value = jobs.Select(job => job.Id.Value).ToArray() }, new() { Value = jobs.Select(job => job.LeaseId!.Value).ToArray() },
                new() { Value = delay }, new() { Value = (object?)reason ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
            },
        });
        if (delay == TimeSpan.Zero)
        {
            foreach (var kind in jobs.Select(job => job.Kind).Distinct())
            {
                batch.BatchCommands.Add(Wake(kind));
            }
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Gives a job up; it stays as a dead letter.</summary>
    public async Task BuryAsync(Job job, string error, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "UPDATE jobs SET lease_id = NULL, dead_at = now(), last_error = $3 WHERE id = $1 AND lease_id = $2");
        AddJob(command, job);
        command.Parameters.AddWithValue(error);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Wakes those who do such jobs, once the transaction commits, and nobody else.</summary>
    internal static NpgsqlBatchCommand Wake(JobKind kind) => new($"NOTIFY {Notification}, '{kind}'");

    private static NpgsqlBatchCommand OneAtATime(params string[] kinds) => new(
        $"SELECT pg_advisory_xact_lock(hashtextextended('claim ' || $1, 0)), set_config('synchronous_commit', 'off', true), {InOrderOfIndex}")
    {
        Parameters = { new() { Value = string.Join(',', kinds) } },
    };

    private static void AddJob(NpgsqlCommand command, Job job)
    {
        command.Parameters.AddWithValue(job.Id.Value);
        command.Parameters.AddWithValue(job.LeaseId!.Value);
    }

    private static Job Read(NpgsqlDataReader reader) => new()
    {
        Id = new JobId(reader.GetGuid(0)),
        Kind = Enum.Parse<JobKind>(reader.GetString(1)),
        ClientId = reader.IsDBNull(2) ? null : new ClientId(reader.GetGuid(2)),
        ChannelId = reader.IsDBNull(3) ? null : new ChannelId(reader.GetGuid(3)),
        SubjectId = reader.GetGuid(4),
        RunAt = reader.GetFieldValue<DateTimeOffset>(5),
        Attempts = reader.GetInt32(6),
        LeaseId = reader.GetGuid(7),
        TraceParent = reader.IsDBNull(8) ? null : reader.GetString(8),
        CreatedAt = reader.GetFieldValue<DateTimeOffset>(9),
        Slot = reader.GetTimeSpan(10),
        EndpointId = reader.IsDBNull(11) ? null : new EndpointId(reader.GetGuid(11)),
        Event = reader.IsDBNull(12) ? null : reader.GetString(12),
    };
}
