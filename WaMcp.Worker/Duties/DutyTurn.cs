using System.Text.Json.Nodes;
using Npgsql;
using NpgsqlTypes;
using WaMcp.Domain.Audit;

namespace WaMcp.Worker.Duties;

/// <summary>
/// One run of a duty. While its connection lives nobody else runs the same duty: it holds an advisory lock, which goes with the session and so
/// with the process, however that ends.
/// </summary>
internal sealed class DutyTurn : IAsyncDisposable
{
    private const string Lock = "SELECT pg_try_advisory_lock(hashtextextended('wamcp duty ' || $1, 0))";
    private const string Unlock = "SELECT pg_advisory_unlock(hashtextextended('wamcp duty ' || $1, 0))";
    private const string Begin = "UPDATE duties SET started_at = $2 WHERE name = $1 AND due_at <= $2 RETURNING due_at";

    // Whoever asked for another run while this one was under way is not forgotten.
    private const string End =
        """
        UPDATE duties SET ended_at = $2, error = $3, counts = $4, due_at = CASE WHEN due_at = $5 THEN $6 ELSE due_at END WHERE name = $1
        """;

    private readonly NpgsqlConnection connection;
    private readonly SortedDictionary<string, long> counts = new(StringComparer.Ordinal);
    private DateTimeOffset dueAt;

    private DutyTurn(NpgsqlConnection connection, string duty)
    {
        this.connection = connection;
        Duty = duty;
    }

    public string Duty { get; }

    /// <summary>What was done so far; numbers only, so that they can stand in the audit log.</summary>
    public JsonObject Counts => new(counts.Select(count => KeyValuePair.Create(count.Key, (JsonNode?)count.Value)));

    /// <summary>Takes the turn; null when somebody else has it, or had it just now.</summary>
    public static async Task<DutyTurn?> TryTakeAsync(NpgsqlDataSource database, string duty, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var turn = new DutyTurn(await database.OpenConnectionAsync(cancellationToken), duty);
        var isTaken = false;
        try
        {
            if (await turn.ReadAsync(Lock, cancellationToken) is true && await turn.ReadAsync(Begin, cancellationToken, now) is DateTime dueAt)
            {
                turn.dueAt = dueAt;
                isTaken = true;
            }
        }
        finally
        {
            if (!isTaken)
            {
                await turn.DisposeAsync();
            }
        }

        return isTaken ? turn : null;
    }

    /// <summary>Adds to what was done.</summary>
    public void Count(string what, long more) => counts[what] = counts.GetValueOrDefault(what) + more;

    /// <summary>Checks that nobody else can have begun the same meanwhile; asked before a step that two must not do.</summary>
    /// <exception cref="Exception">The connection is gone, and the turn with it.</exception>
    public Task RequireAsync(CancellationToken cancellationToken) => ReadAsync("SELECT $1", cancellationToken);

    /// <summary>Writes down how it ended, together with the audit row.</summary>
    public async Task EndAsync(AuditRecord row, string? error, DateTimeOffset next, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var end = Command(End, row.Ts);
        end.Parameters.Add(new() { Value = (object?)error ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        end.Parameters.Add(new() { Value = Counts.ToJsonString(), NpgsqlDbType = NpgsqlDbType.Jsonb });
        end.Parameters.Add(new() { Value = dueAt });
        end.Parameters.Add(new() { Value = next });
        await end.ExecuteNonQueryAsync(cancellationToken);
        await AuditTable.WriteAsync(connection, [row], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await ReadAsync(Unlock, CancellationToken.None); // or the pooled session would keep it
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException)
        {
            // The session is gone, and so is the lock.
        }

        await connection.DisposeAsync();
    }

    private async Task<object?> ReadAsync(string sql, CancellationToken cancellationToken, DateTimeOffset? now = null)
    {
        await using var command = Command(sql, now);
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    private NpgsqlCommand Command(string sql, DateTimeOffset? now)
    {
        var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = Duty } } };
        if (now is { } time)
        {
            command.Parameters.Add(new() { Value = time });
        }

        return command;
    }
}
