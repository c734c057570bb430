using Npgsql;

namespace WaMcp.Domain.Data;

/// <summary>
/// Of two transactions that wait for each other Postgres ends one. Locks are taken in one order (contacts, conversations, jobs, messages, each by
/// id), so it should not happen; where it does, the one that was ended is done once more.
/// </summary>
public static class Deadlock
{
    /// <summary>Runs a whole transaction, and once more when it was ended by a deadlock.</summary>
    public static async Task<T> RetryAsync<T>(WaMcpDbContext context, Func<Task<T>> transaction)
    {
        try
        {
            return await transaction();
        }
        catch (Exception exception) when (IsDeadlock(exception))
        {
            context.ChangeTracker.Clear();
            return await transaction();
        }
    }

    private static bool IsDeadlock(Exception exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected } || (exception.InnerException is { } inner && IsDeadlock(inner));
}
