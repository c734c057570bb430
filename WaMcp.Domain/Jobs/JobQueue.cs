using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Jobs;

/// <summary>The queue as SQL: enqueue in the causing transaction, claim in batches under a lease, complete guarded by that lease.</summary>
/// <param name="database">As wa_app.</param>
public sealed class JobQueue(NpgsqlDataSource database)
{
    /// <summary>The notification channel that wakes workers.</summary>
    public const string Notification = "wamcp_jobs";

    private const string ClaimSql =
        """
        WITH due AS MATERIALIZED (
            SELECT id FROM jobs WHERE dead_at IS NULL AND run_at <= now() AND kind = ANY ($4)
            ORDER BY run_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)
        UPDATE jobs job SET lease_id = $1, attempts = attempts + 1, run_at = now() + $2
        FROM due WHERE job.id = due.id
        RETURNING job.id, kind, client_id, channel_id, subject_id, run_at, attempts, lease_id, trace_parent, created_at
        """;

    /// <summary>Adds a job to the caller's transaction and wakes a worker when that commits.</summary>
    public static async Task EnqueueAsync(WaMcpDbContext context, NewJob job, CancellationToken cancellationToken) =>
        await EnqueueAsync((NpgsqlConnection)context.Database.GetDbConnection(), [job], cancellationToken);

    /// <summary>Adds jobs on an open connection, inside its transaction if it has one.</summary>
    public static async Task EnqueueAsync(NpgsqlConnection connection, IReadOnlyCollection<NewJob> jobs, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var job in jobs)
        {
            batch.BatchCommands.Add(new(
                "INSERT INTO jobs (id, kind, client_id, channel_id, subject_id, run_at, trace_parent) VALUES ($1, $2, $3, $4, $5, now(), $6)")
            {
                Parameters =
                {
                    new() { Value = TypedId.New<JobId>().Value },
                    new() { Value = job.Kind.ToString() },
                    new() { Value = (object?)job.ClientId?.Value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
                    new() { Value = (object?)job.ChannelId?.Value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
                    new() { Value = job.SubjectId },
                    new() { Value = (object?)job.TraceParent ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                },
            });
        }

        batch.BatchCommands.Add(new($"NOTIFY {Notification}"));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Claims up to <paramref name="count"/> due jobs, those of dead owners among them.</summary>
    /// <param name="count">At most.</param>
    /// <param name="lease">How long nobody else takes them.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlyList<Job>> ClaimAsync(int count, TimeSpan lease, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(ClaimSql);
        command.Parameters.AddWithValue(Guid.NewGuid());
        command.Parameters.AddWithValue(lease);
        command.Parameters.AddWithValue(count);
        command.Parameters.AddWithValue(Enum.GetNames<JobKind>()); // kinds of a newer version are left to it
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var jobs = new List<Job>();
        while (await reader.ReadAsync(cancellationToken))
        {
            jobs.Add(Read(reader));
        }

        return jobs;
    }

    /// <summary>How long until the next job is due; null when there is none.</summary>
    public async Task<TimeSpan?> NextDueAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT min(run_at) - now() FROM jobs WHERE dead_at IS NULL");
        return await command.ExecuteScalarAsync(cancellationToken) as TimeSpan?;
    }

    /// <summary>Removes a job that is done, inside the caller's transaction if the connection has one.</summary>
    /// <exception cref="LeaseLostException">Somebody else has it by now; the caller's transaction must not commit.</exception>
    public static async Task CompleteAsync(NpgsqlConnection connection, Job job, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("DELETE FROM jobs WHERE id = $1 AND lease_id = $2", connection);
        await RequireLeaseAsync(command, job, cancellationToken);
    }

    /// <summary>Checks and holds the lease until the caller's transaction ends: nobody can claim the job meanwhile.</summary>
    /// <exception cref="LeaseLostException">Somebody else has it by now.</exception>
    public static async Task HoldAsync(NpgsqlConnection connection, Job job, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("UPDATE jobs SET last_error = last_error WHERE id = $1 AND lease_id = $2", connection);
        await RequireLeaseAsync(command, job, cancellationToken);
    }

    /// <summary>Puts a job off inside the caller's transaction.</summary>
    /// <exception cref="LeaseLostException">Somebody else has it by now.</exception>
    public static async Task PostponeAsync(NpgsqlConnection connection, Job job, TimeSpan delay, string error, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "UPDATE jobs SET lease_id = NULL, run_at = now() + $3, last_error = $4 WHERE id = $1 AND lease_id = $2", connection);
        AddJob(command, job);
        command.Parameters.AddWithValue(delay);
        command.Parameters.AddWithValue(error);
        await RequireOneAsync(command, job, cancellationToken);
    }

    /// <summary>Gives a job back, to be claimed again after a while.</summary>
    /// <param name="job">The claimed job.</param>
    /// <param name="delay">Not before.</param>
    /// <param name="error">What went wrong; never content.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task ReturnAsync(Job job, TimeSpan delay, string error, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "UPDATE jobs SET lease_id = NULL, run_at = now() + $3, last_error = $4 WHERE id = $1 AND lease_id = $2");
        AddJob(command, job);
        command.Parameters.AddWithValue(delay);
        command.Parameters.AddWithValue(error);
        await command.ExecuteNonQueryAsync(cancellationToken);
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

    private static async Task RequireLeaseAsync(NpgsqlCommand command, Job job, CancellationToken cancellationToken)
    {
        AddJob(command, job);
        await RequireOneAsync(command, job, cancellationToken);
    }

    private static async Task RequireOneAsync(NpgsqlCommand command, Job job, CancellationToken cancellationToken)
    {
        if (await command.ExecuteNonQueryAsync(cancellationToken) != 1)
        {
            throw new LeaseLostException(job.Id);
        }
    }

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
    };
}
