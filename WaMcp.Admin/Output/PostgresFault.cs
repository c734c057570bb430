using Npgsql;
using WaMcp.Domain;

namespace WaMcp.Admin.Output;

/// <summary>What an operator must know when Postgres refuses or does not answer, in words of our own.</summary>
internal static class PostgresFault
{
    private static readonly PostgresAddress Nowhere = new("ConnectionStrings:wamcp", "its address", null, null);

    /// <summary>Postgres answered, and refused (https://www.postgresql.org/docs/current/errcodes-appendix.html).</summary>
    public static Fault Of(PostgresException refusal, PostgresAddress? address)
    {
        var postgres = address ?? Nowhere;
        return refusal.SqlState switch
        {
            PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => Misconfigured(
                refusal,
                $"Postgres at {postgres.Server} refuses the user '{postgres.User}' or its password.",
                $"Check user and password in {postgres.Setting}; `admin db migrate` sets the passwords of the programs' roles."),
            PostgresErrorCodes.InvalidCatalogName => Misconfigured(
                refusal,
                $"Postgres at {postgres.Server} has no database '{postgres.Database}'.",
                $"Create it, or correct {postgres.Setting}."),
            PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.UndefinedFunction => Misconfigured(
                refusal,
                $"The database '{postgres.Database}' is not at this version's schema.",
                "Run `admin db migrate`."),
            PostgresErrorCodes.InsufficientPrivilege => Misconfigured(
                refusal,
                $"The database user '{postgres.User}' may not do that.",
                $"{postgres.Setting} must name {(postgres.Setting.EndsWith("owner", StringComparison.Ordinal) ? "a user that may create tables and roles" : "the role wa_app")}."),
            ['0', '8', ..] or ['5', '3', ..] or ['5', '7', ..] or ['4', '0', ..] or PostgresErrorCodes.LockNotAvailable => Unavailable(
                refusal,
                $"Postgres at {postgres.Server} cannot do it at the moment ({refusal.SqlState}).",
                "Try again; if it stays so, look at the log of Postgres."),
            _ => new Fault(
                FaultCode.Internal,
                $"Postgres refused in a way that the console does not know ({refusal.SqlState}).",
                "Report it with the command line you used; the log of Postgres says more.",
                inner: refusal),
        };
    }

    /// <summary>Postgres did not answer, or no connection came about.</summary>
    public static Fault Unreachable(Exception cause, PostgresAddress? address)
    {
        var postgres = address ?? Nowhere;
        return cause is NpgsqlException { IsTransient: false }
            ? Misconfigured(
                cause,
                $"Postgres at {postgres.Server} does not accept the connection.",
                $"Check that user, password and SSL mode are in {postgres.Setting}.")
            : Unavailable(
                cause,
                $"Postgres at {postgres.Server} does not answer.",
                $"Check that it runs, and host and port in {postgres.Setting}.");
    }

    private static Fault Misconfigured(Exception cause, string problem, string nextAction) =>
        new(FaultCode.Misconfigured, problem, nextAction, inner: cause);

    private static Fault Unavailable(Exception cause, string problem, string nextAction) =>
        new(FaultCode.Unavailable, problem, nextAction, inner: cause);
}
