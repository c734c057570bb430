using Npgsql;
using WaMcp.Tests.Data;

namespace WaMcp.Tests.Audit;

/// <summary>What somebody tries who has got hold of the programs' own connection.</summary>
public sealed class AppendOnlyTests
{
    private static readonly string[] OnEveryTable =
    [
        "UPDATE {0} SET {1} = {1}",
        "DELETE FROM {0}",
        "DELETE FROM ONLY {0} WHERE false",
        "TRUNCATE {0}",
        "TRUNCATE {0} RESTART IDENTITY CASCADE",
        "DROP TABLE {0}",
        "DROP TABLE {0} CASCADE",
        "INSERT INTO {0} SELECT * FROM {0} ON CONFLICT ({1}) DO UPDATE SET {1} = excluded.{1}",
        "MERGE INTO {0} t USING {0} s ON t.{1} = s.{1} WHEN MATCHED THEN DELETE",
        "MERGE INTO {0} t USING {0} s ON t.{1} = s.{1} WHEN MATCHED THEN UPDATE SET {1} = 0",
        "WITH gone AS (DELETE FROM {0} RETURNING *) SELECT * FROM gone",
        "SELECT * FROM {0} FOR UPDATE",
        "SELECT * FROM {0} FOR SHARE",
        "BEGIN; LOCK TABLE {0} IN ACCESS EXCLUSIVE MODE",
        "ALTER TABLE {0} ADD COLUMN more text",
        "ALTER TABLE {0} DROP COLUMN {1}",
        "ALTER TABLE {0} ALTER {1} TYPE text",
        "ALTER TABLE {0} RENAME TO other",
        "ALTER TABLE {0} RENAME {1} TO other",
        "ALTER TABLE {0} SET SCHEMA pg_temp",
        "ALTER TABLE {0} OWNER TO wa_app",
        "ALTER TABLE {0} DISABLE TRIGGER ALL",
        "ALTER TABLE {0} DISABLE RULE mine",
        "ALTER TABLE {0} ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE {0} DROP CONSTRAINT {0}_pkey",
        "ALTER TABLE {0} SET UNLOGGED",
        "ALTER TABLE {0} INHERIT clients",
        "CREATE TRIGGER mine BEFORE INSERT ON {0} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE mine AS ON INSERT TO {0} DO INSTEAD NOTHING",
        "CREATE POLICY mine ON {0} USING (false)",
        "CREATE INDEX ON {0} ({1})",
        "CREATE TABLE mine PARTITION OF {0} DEFAULT",
        "CLUSTER {0} USING {0}_pkey",
        "REINDEX TABLE {0}",
        "DROP INDEX {0}_pkey",
        "COMMENT ON TABLE {0} IS 'mine'",
        "REFRESH MATERIALIZED VIEW {0}",
        "CREATE VIEW mine AS SELECT * FROM {0}",
        "COPY {0} FROM PROGRAM 'true'",
        "COPY {0} FROM '/etc/passwd'",
        "DO $$ BEGIN EXECUTE 'DELETE FROM {0}'; END $$",
    ];

    private static readonly string[] Anywhere =
    [
        "SET session_replication_role = replica",
        "SET ROLE postgres",
        "SET ROLE wa_audit_archiver",
        "SET SESSION AUTHORIZATION postgres",
        "ALTER ROLE wa_app SUPERUSER",
        "ALTER ROLE wa_app BYPASSRLS",
        "GRANT postgres TO wa_app",
        "GRANT wa_audit_archiver TO wa_app",
        "REASSIGN OWNED BY postgres TO wa_app",
        "DROP OWNED BY postgres",
        "ALTER SYSTEM SET fsync = off",
        "ALTER SEQUENCE audit_log_id_seq RESTART",
        "ALTER SEQUENCE audit_batches_id_seq OWNED BY NONE",
        "SELECT setval('audit_log_id_seq', 1)",
        "SELECT setval('audit_batches_id_seq', 1)",
        "UPDATE pg_class SET relowner = (SELECT oid FROM pg_roles WHERE rolname = 'wa_app') WHERE relname LIKE 'audit%'",
        "DELETE FROM pg_attribute WHERE attrelid = 'audit_log'::regclass",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "CREATE EXTENSION pg_surgery",
        "CREATE EVENT TRIGGER mine ON sql_drop EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "DROP SCHEMA public CASCADE",
        "CREATE TABLE public.mine (id int)",
        "SELECT pg_read_file('/etc/passwd')",
    ];

    [Theory]
    [InlineData("audit_log", "id")]
    [InlineData("audit_batches", "id")]
    [InlineData("audit_seals", "number")]
    public async Task TheProgramsRoleCanOnlyAdd(string table, string key)
    {
        await using var audit = await AuditDatabase.CreateAsync();
        await audit.WriteAsync(AuditDatabase.Full(1), AuditDatabase.Full(2));
        await audit.SealAsync();
        var before = await EverythingAsync(audit);

        foreach (var statement in OnEveryTable.Select(statement => statement.Replace("{0}", table).Replace("{1}", key)).Concat(Anywhere))
        {
            await ShouldBeRefusedAsync(audit, statement);
        }

        (await EverythingAsync(audit)).ShouldBe(before);
    }

    [Fact]
    public async Task WhatTheProgramsRoleIsNotRefusedChangesNothing()
    {
        await using var audit = await AuditDatabase.CreateAsync();
        await audit.WriteAsync(AuditDatabase.Full(1));
        await audit.SealAsync();
        var before = await EverythingAsync(audit);

        foreach (var statement in new[]
        {
            "INSERT INTO audit_log SELECT * FROM audit_log ON CONFLICT DO NOTHING",
            "VACUUM FULL audit_log", // passed over with a warning
            "GRANT DELETE ON audit_log TO wa_app", // the same
            "CREATE TEMP TABLE audit_log (id bigint)", // hides it from this one session
            "DISCARD ALL",
        })
        {
            await MigratedDatabase.ReadAsync<object>(audit.Database.App, statement);
        }

        (await EverythingAsync(audit)).ShouldBe(before);
        (await audit.VerifyAsync()).First.ShouldBeNull();
        // What runs with the owner's rights can only read: Postgres refuses to write from a function that is not volatile.
        (await audit.Database.ReadAsync<string>(
            "SELECT proname || ' ' || provolatile::text FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace ORDER BY 1")).ShouldBe(["carrier_of_media s", "find_messages s", "media_in_use s"]);
    }

    private static async Task ShouldBeRefusedAsync(AuditDatabase audit, string statement)
    {
        var refused = await Should.ThrowAsync<PostgresException>(() => MigratedDatabase.ReadAsync<object>(audit.Database.App, statement), statement);
        // Some are wrong for such a table before anybody asks who wants it.
        refused.SqlState.ShouldBeOneOf(
            [PostgresErrorCodes.InsufficientPrivilege, PostgresErrorCodes.WrongObjectType], statement);
    }

    // Rows, rights, and what hangs on the tables.
    private static async Task<string> EverythingAsync(AuditDatabase audit) => string.Join('\n', await audit.Database.ReadAsync<string>(
        """
        SELECT row::text FROM audit_log row UNION ALL SELECT row::text FROM audit_batches row UNION ALL SELECT row::text FROM audit_seals row
        UNION ALL SELECT concat_ws(' ', oid, relname, relkind, relowner, relacl, relhasrules, relhastriggers, relrowsecurity, relpersistence)
            FROM pg_class WHERE relname LIKE 'audit%' AND relnamespace = 'public'::regnamespace
        UNION ALL SELECT attname || atttypid FROM pg_attribute WHERE attrelid IN ('audit_log'::regclass, 'audit_batches'::regclass, 'audit_seals'::regclass)
        ORDER BY 1
        """));
}
