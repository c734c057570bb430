using Npgsql;

namespace WaMcp.Tests.Data;

/// <summary>What Postgres itself refuses, whatever the programs try.</summary>
public sealed class RolesTests
{
    [Theory]
    [InlineData("UPDATE audit_log SET ts = now()")]
    [InlineData("DELETE FROM audit_log")]
    [InlineData("TRUNCATE audit_log")]
    [InlineData("DROP TABLE audit_log")]
    [InlineData("ALTER TABLE audit_log DISABLE TRIGGER ALL")]
    [InlineData("ALTER TABLE messages DISABLE ROW LEVEL SECURITY")]
    [InlineData("DROP POLICY own_rows ON messages")]
    [InlineData("SELECT setval('audit_log_id_seq', 1)")]
    [InlineData("CREATE TABLE public.mine (id int)")]
    [InlineData("SET ROLE postgres")]
    [InlineData("SET ROLE wa_audit_archiver")]
    public async Task TheProgramsCannotChangeTheAuditLogOrTheirOwnLimits(string statement)
    {
        var database = await MigratedDatabase.CreateAsync();

        await ShouldBeDeniedAsync(database.App, statement);
    }

    [Fact]
    public async Task TheProgramsAddToTheAuditLogAndReadIt()
    {
        var database = await MigratedDatabase.CreateAsync();

        await MigratedDatabase.ReadAsync<object>(database.App, "INSERT INTO audit_log (ts, action) VALUES (now(), 'tool_called')");

        (await MigratedDatabase.ReadAsync<string>(database.App, "SELECT action FROM audit_log")).ShouldBe(["tool_called"]);
    }

    [Fact]
    public async Task TheArchiverReadsAndDeletesAuditRowsAndMayDoNothingElse()
    {
        var database = await MigratedDatabase.CreateAsync();
        await database.ReadAsync<object>("INSERT INTO audit_log (ts, action) VALUES (now(), 'tool_called')");
        var archiver = database.For(MigratedDatabase.ArchiverRole);

        (await RightsAsync(database, MigratedDatabase.ArchiverRole)).ShouldBe(["audit_log DELETE", "audit_log SELECT"]);
        (await MigratedDatabase.ReadAsync<string>(archiver, "SELECT action FROM audit_log")).ShouldBe(["tool_called"]);
        foreach (var statement in new[]
        {
            "INSERT INTO audit_log (ts, action) VALUES (now(), 'x')", "UPDATE audit_log SET action = 'x'", "TRUNCATE audit_log",
            "SELECT * FROM clients", "SELECT * FROM messages", "SELECT hash FROM api_keys", "CREATE TABLE public.mine (id int)",
        })
        {
            await ShouldBeDeniedAsync(archiver, statement);
        }

        await MigratedDatabase.ReadAsync<object>(archiver, "DELETE FROM audit_log");
        (await MigratedDatabase.ReadAsync<long>(archiver, "SELECT count(*) FROM audit_log")).ShouldBe([0L]);
    }

    [Fact]
    public async Task TheProgramsHaveNoRightBeyondReadingAndWritingRows()
    {
        var database = await MigratedDatabase.CreateAsync();

        var rights = await RightsAsync(database, MigratedDatabase.AppRole);

        rights.Where(right => right.StartsWith("audit_log ", StringComparison.Ordinal)).ShouldBe(["audit_log INSERT", "audit_log SELECT"]);
        rights.Select(right => right.Split(' ')[1]).Distinct().Order().ShouldBe(["DELETE", "INSERT", "SELECT", "UPDATE"]);
        rights.ShouldNotContain(right => right.StartsWith("__EFMigrationsHistory", StringComparison.Ordinal));
        (await database.ReadAsync<string>("SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'wa\\_%' AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)"))
            .ShouldBeEmpty();
    }

    private static Task<List<string>> RightsAsync(MigratedDatabase database, string role) => database.ReadAsync<string>($"""
        SELECT t.tablename || ' ' || p.privilege
        FROM pg_tables t, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p (privilege)
        WHERE t.schemaname = 'public' AND has_table_privilege('{role}', quote_ident(t.tablename), p.privilege)
        ORDER BY 1
        """);

    private static async Task ShouldBeDeniedAsync(string connectionString, string statement)
    {
        var denied = await Should.ThrowAsync<PostgresException>(() => MigratedDatabase.ReadAsync<object>(connectionString, statement), statement);
        denied.SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege, statement);
    }
}
