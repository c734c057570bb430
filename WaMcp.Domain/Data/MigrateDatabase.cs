using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Configuration;
using Npgsql;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Data;

/// <summary>
/// Brings the database up to date as its owner and gives the roles their passwords. Applying twice changes nothing; two at the same time
/// wait for each other, and the later one finds nothing to do.
/// </summary>
/// <param name="configuration">ConnectionStrings:owner, and the passwords <c>wa_app_password</c> and <c>wa_audit_archiver_password</c>.</param>
/// <param name="clock">For the wait.</param>
public sealed class MigrateDatabase(IConfiguration configuration, TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Names the advisory lock of whoever migrates; any number that nobody else uses.</summary>
    private const long MigrationLock = 0x77616d6370;

    /// <summary>Waits for Postgres, applies what is missing, sets the passwords.</summary>
    /// <param name="progress">A line for each step.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    /// <returns>The names of the migrations that were applied just now.</returns>
    /// <exception cref="Fault">
    /// <c>misconfigured</c> without an owner connection string, or for a database that does not know letters; <c>unavailable</c> when Postgres does not come.
    /// </exception>
    public async Task<IReadOnlyList<string>> ExecuteAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        var owner = configuration.GetConnectionString("owner") ?? throw new Fault(
            FaultCode.Misconfigured,
            "ConnectionStrings:owner is not set.",
            "Give the connection string of the database's owner, for example in the environment variable ConnectionStrings__owner.");
        await using var source = NpgsqlDataSource.Create(owner);
        await WaitAsync(source, progress, cancellationToken);
        await using var alone = await LockAsync(source, progress, cancellationToken);
        await CheckLettersAsync(source, cancellationToken);

        var options = new DbContextOptionsBuilder<WaMcpDbContext>()
            .UseNpgsql(source)
            // The migrations are SQL files without a model snapshot (ADR 0003); a test compares model and database instead.
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning))
            .Options;
        await using var context = new WaMcpDbContext(options, new TenantContext());
        var pending = (await context.Database.GetPendingMigrationsAsync(cancellationToken)).ToList();
        foreach (var migration in pending)
        {
            progress.Report($"applying {migration}");
        }

        await context.Database.MigrateAsync(cancellationToken);
        await SetPasswordAsync(source, "wa_app", progress, cancellationToken);
        await SetPasswordAsync(source, "wa_audit_archiver", progress, cancellationToken);
        return pending;
    }

    private async Task WaitAsync(NpgsqlDataSource source, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var said = false;
        while (true)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync(cancellationToken);
                return;
            }
            catch (NpgsqlException exception) when (exception.IsTransient || exception.SqlState == PostgresErrorCodes.CannotConnectNow)
            {
                if (clock.GetElapsedTime(started) > Patience)
                {
                    throw new Fault(
                        FaultCode.Unavailable, "Postgres does not answer.", "Start it, or check ConnectionStrings:owner.", inner: exception);
                }

                if (!said)
                {
                    progress.Report("waiting for Postgres");
                    said = true;
                }

                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
    }

    // The lock goes with the session, and the session with its data source at the end of ExecuteAsync.
    private static async Task<NpgsqlConnection> LockAsync(NpgsqlDataSource source, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var attempt = new NpgsqlCommand("SELECT pg_try_advisory_lock($1)", connection);
        attempt.Parameters.AddWithValue(MigrationLock);
        if (!(bool)(await attempt.ExecuteScalarAsync(cancellationToken))!)
        {
            progress.Report("waiting for another migration to end");
            await using var wait = new NpgsqlCommand("SELECT pg_advisory_lock($1)", connection) { CommandTimeout = 0 };
            wait.Parameters.AddWithValue(MigrationLock);
            await wait.ExecuteNonQueryAsync(cancellationToken);
        }

        return connection;
    }

    // The index of words holds them in lower case as the database makes it (0008_reading.sql): with the locale C only ASCII, in Turkish another i.
    private static async Task CheckLettersAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var encoding = source.CreateCommand("SHOW server_encoding");
        await using var letters = source.CreateCommand("SELECT lower('IÄΣЖ') = 'iäσж'");
        if ((string)(await encoding.ExecuteScalarAsync(cancellationToken))! != "UTF8" || !(bool)(await letters.ExecuteScalarAsync(cancellationToken))!)
        {
            throw new Fault(
                FaultCode.Misconfigured,
                "The database does not know the letters of all languages: lower('IÄΣЖ') is not 'iäσж' in it, and searches would miss what they look for.",
                "Make it with the encoding UTF8 and a locale such as C.UTF-8 or en_US.UTF-8: CREATE DATABASE wamcp TEMPLATE template0 ENCODING UTF8 LOCALE 'C.UTF-8'.");
        }
    }

    private async Task SetPasswordAsync(NpgsqlDataSource source, string role, IProgress<string> progress, CancellationToken cancellationToken)
    {
        if (configuration[$"{role}_password"] is not { Length: > 0 } password)
        {
            progress.Report($"{role}: no {role}_password given, its password stays as it is");
            return;
        }

        const int attempts = 10;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await SetPasswordAsync(source, role, password, cancellationToken);
                return;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InternalError && attempt < attempts)
            {
                // "tuple concurrently updated": roles belong to the cluster and our lock to the database, so whoever migrates another
                // database may be changing the same role right now.
                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
    }

    private static async Task SetPasswordAsync(NpgsqlDataSource source, string role, string password, CancellationToken cancellationToken)
    {
        // ALTER ROLE takes no parameters; format(%L) quotes it on the server.
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var quote = new NpgsqlCommand("SELECT format('ALTER ROLE %I PASSWORD %L', $1, $2)", connection);
        quote.Parameters.AddWithValue(role);
        quote.Parameters.AddWithValue(password);
        var statement = (string)(await quote.ExecuteScalarAsync(cancellationToken))!;
        await using var alter = new NpgsqlCommand(statement, connection);
        await alter.ExecuteNonQueryAsync(cancellationToken);
    }
}
