using Npgsql;

namespace WaMcp.Domain.Data;

/// <summary>Two transactions that got into each other's way: the one that Postgres ended is done once more.</summary>
/// <remarks>
/// Of two that wait for each other Postgres ends one. Locks are taken in one order (contacts, conversations, jobs, messages, each by id), so that
/// should not happen. Two that give the same name to two rows of one person may: the second then finds both.
/// </remarks>
public static class Collision
{
    /// <summary>Runs a whole transaction, and once more when it was ended by another.</summary>
    public static async Task<T> RetryAsync<T>(WaMcpDbContext context, Func<Task<T>> transaction)
    {
        try
        {
            return await transaction();
        }
        catch (Exception exception) when (IsCollision(exception))
        {
            context.ChangeTracker.Clear();
            return await transaction();
        }
    }

    private static bool IsCollision(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected } => true,
        PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "contacts" } => true,
        _ => exception.InnerException is { } inner && IsCollision(inner),
    };
}
