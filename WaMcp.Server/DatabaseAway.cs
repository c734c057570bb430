using Npgsql;

namespace WaMcp.Server;

/// <summary>Tells that a failure is the database being away, however deep the libraries wrapped it.</summary>
internal static class DatabaseAway
{
    public static bool Caused(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is NpgsqlException { IsTransient: true })
            {
                return true;
            }
        }

        return false;
    }
}
