using Npgsql;

namespace WaMcp.Tests.Data;

/// <summary>What Postgres itself refuses, whatever the programs try.</summary>
public sealed class RolesTests
{
    private static readonly Guid Mine = Guid.Parse("00000000-0000-7000-8000-00000000000a");
    private static readonly Guid Theirs = Guid.Parse("00000000-0000-7000-8000-00000000000b");
    private static readonly Guid Channel = Guid.Parse("00000000-0000-7000-8000-00000000000c");

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

    [Theory]
    [InlineData("messages")]
    [InlineData("conversations")]
    [InlineData("contacts")]
    public async Task AConnectionSeesTheRowsOfTheClientItCarriesAndNoOthers(string table)
    {
        var database = await MigratedDatabase.CreateAsync();
        await SeedAsync(database);

        (await AsAsync(Mine, $"SELECT client_id FROM {table}")).ShouldBe([Mine]);
        (await AsAsync(Theirs, $"SELECT client_id FROM {table}")).ShouldBe([Theirs]);
        (await AsAsync(Mine, $"SELECT client_id FROM {table} WHERE client_id = '{Theirs}'")).ShouldBeEmpty();
        (await AsAsync(null, $"SELECT client_id FROM {table}")).ShouldBeEmpty();
        (await MigratedDatabase.ReadAsync<Guid>(database.App, $"SELECT client_id FROM {table}")).ShouldBeEmpty();
        (await database.ReadAsync<long>($"SELECT count(*) FROM {table}")).ShouldBe([2L]);

        async Task<List<Guid>> AsAsync(Guid? client, string sql)
        {
            await using var connection = await CarryAsync(database, client);
            await using var command = new NpgsqlCommand(sql, connection);
            await using var reader = await command.ExecuteReaderAsync();
            var ids = new List<Guid>();
            while (await reader.ReadAsync())
            {
                ids.Add(reader.GetGuid(0));
            }

            return ids;
        }
    }

    [Fact]
    public async Task RowsOfAnotherClientCanBeNeitherWrittenNorChangedNorTakenOver()
    {
        var database = await MigratedDatabase.CreateAsync();
        await SeedAsync(database);
        var insert = $"INSERT INTO contacts (id, client_id, channel_id, phone, created_at) VALUES (gen_random_uuid(), '{Theirs}', '{Channel}', '15550199999', now())";

        await using var connection = await CarryAsync(database, Mine);
        await ShouldBeDeniedAsync(connection, insert);
        await ShouldBeDeniedAsync(connection, $"UPDATE contacts SET client_id = '{Theirs}'");
        (await ExecuteAsync(connection, $"UPDATE contacts SET name = 'x' WHERE client_id = '{Theirs}'")).ShouldBe(0);
        (await ExecuteAsync(connection, $"DELETE FROM messages WHERE client_id = '{Theirs}'")).ShouldBe(0);

        await using var nobody = await CarryAsync(database, null);
        await ShouldBeDeniedAsync(nobody, insert);
        (await database.ReadAsync<long>($"SELECT count(*) FROM messages WHERE client_id = '{Theirs}'")).ShouldBe([1L]);
    }

    [Fact]
    public async Task ARowCannotPointIntoAnotherClientsRecords()
    {
        var database = await MigratedDatabase.CreateAsync();
        await SeedAsync(database);
        var contact = (await database.ReadAsync<Guid>($"SELECT id FROM contacts WHERE client_id = '{Theirs}'")).Single();

        await using var connection = await CarryAsync(database, Mine);
        var refused = await Should.ThrowAsync<PostgresException>(() => ExecuteAsync(
            connection,
            $"INSERT INTO conversations (id, client_id, channel_id, contact_id, last_message_at, created_at) VALUES (gen_random_uuid(), '{Mine}', '{Channel}', '{contact}', now(), now())"));

        refused.SqlState.ShouldBe(PostgresErrorCodes.ForeignKeyViolation);
    }

    private static async Task SeedAsync(MigratedDatabase database) => await database.ReadAsync<object>($"""
        INSERT INTO clients (id, slug, display_name, is_owner, created_at) VALUES ('{Mine}', 'mine', 'Mine', false, now()), ('{Theirs}', 'theirs', 'Theirs', false, now());
        INSERT INTO channels (id, kind, name, profile, provider_id, address, created_at) VALUES ('{Channel}', 'WhatsApp', 'support', 'Platform', '1', '+1', now());
        INSERT INTO contacts (id, client_id, channel_id, phone, created_at) SELECT gen_random_uuid(), id, '{Channel}', '15550100100', now() FROM clients;
        INSERT INTO conversations (id, client_id, channel_id, contact_id, last_message_at, created_at)
            SELECT gen_random_uuid(), client_id, channel_id, id, now(), now() FROM contacts;
        INSERT INTO messages (id, client_id, channel_id, conversation_id, contact_id, direction, kind, body, state, created_at)
            SELECT gen_random_uuid(), client_id, channel_id, id, contact_id, 'Inbound', 'text', 'hello', 'Received', now() FROM conversations;
        """);

    private static Task<List<string>> RightsAsync(MigratedDatabase database, string role) => database.ReadAsync<string>($"""
        SELECT t.tablename || ' ' || p.privilege
        FROM pg_tables t, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p (privilege)
        WHERE t.schemaname = 'public' AND has_table_privilege('{role}', quote_ident(t.tablename), p.privilege)
        ORDER BY 1
        """);

    private static async Task<NpgsqlConnection> CarryAsync(MigratedDatabase database, Guid? client)
    {
        var connection = new NpgsqlConnection(database.App + ";Pooling=false");
        await connection.OpenAsync();
        await ExecuteAsync(connection, $"SELECT set_config('wamcp.client_id', '{client}', false)");
        return connection;
    }

    private static async Task ShouldBeDeniedAsync(string connectionString, string statement)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await ShouldBeDeniedAsync(connection, statement);
    }

    private static async Task ShouldBeDeniedAsync(NpgsqlConnection connection, string statement)
    {
        var denied = await Should.ThrowAsync<PostgresException>(() => ExecuteAsync(connection, statement), statement);
        denied.SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege, statement);
    }

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string statement)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        return await command.ExecuteNonQueryAsync();
    }
}
