using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Data;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.CrossTenant;

/// <summary>The walls behind the tools: the scoped context of A, and a connection of the programs' role that carries A.</summary>
[Collection(SharedSystemTests.Name)]
public sealed class RowsOfAnotherClientTests(TwoTenants tenants) : IClassFixture<TwoTenants>
{
    /// <summary>Under row-level security; a row is seen and written only in its client's name.</summary>
    private static readonly string[] TenantData = ["contact_aliases", "contacts", "conversations", "early_statuses", "ended_ids", "endpoints", "media_objects", "media_uploads", "messages", "idempotency_keys"];

    /// <summary>Not under row-level security, and why it need not be.</summary>
    private static readonly Dictionary<string, string> GatewaysOwn = new()
    {
        ["clients"] = "the list of tenants itself: a key leads to one of them before anybody knows which",
        ["api_keys"] = "looked up by prefix before the client is known",
        ["grants"] = "read with the key, and for all clients of a number when a webhook is handed out",
        ["channels"] = "a number may serve several clients; grants say whom",
        ["retired_peppers"] = "names of peppers, asked for with the key",
        ["message_templates"] = "copies of what a provider's account holds; several clients may be granted its numbers",
        ["template_lists"] = "how fresh those copies are",
        ["channel_facts"] = "what providers tell operators about a number; nothing about persons",
        ["webhook_events"] = "the provider's bytes, stored before anybody knows whose they are",
        ["jobs"] = "the Worker claims for all clients at once; a job holds ids, and its scope is opened after the claim",
        ["rate_limit_buckets"] = "counts by key, grant and address",
        ["audit_log"] = "written for all clients in one batch; operators read it, no tool does",
        ["audit_batches"] = "digests of audit rows, by batch",
        ["audit_unsealed"] = "ids of batches",
        ["audit_seals"] = "hashes of batches",
        ["pacing"] = "when a number or a pair may send again; no content",
        ["duties"] = "what runs daily, for all clients",
        ["__EFMigrationsHistory"] = "EF Core's own; the programs' role has no right on it",
    };

    private readonly WaMcpSystem system = tenants.System;
    private readonly Tenant a = tenants.A;
    private readonly Tenant b = tenants.B;

    public static TheoryData<string> TenantTables => [.. TenantData];

    [Fact]
    public async Task EveryTableIsATenantsOrTheGatewaysOwnForAReason()
    {
        var tables = await system.QueryAsync<string[]>(
            """
            SELECT array_agg(c.relname || CASE WHEN c.relrowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) THEN ' secured' ELSE '' END)
            FROM pg_class c WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND c.relnamespace = 'public'::regnamespace
            """);

        tables.ShouldBe(
            [.. TenantData.Select(table => $"{table} secured"), .. GatewaysOwn.Keys],
            ignoreOrder: true,
            customMessage: "A new table is either tenant data, under row-level security, or the gateway's own, for a reason: say which here.");
    }

    [Fact]
    public async Task TheScopedContextOfAReadsNoRowOfB()
    {
        foreach (var owners in Owners)
        {
            (await InScopeAsync(a.Id, database => owners(database, false))).ShouldBe([a.Id]);
            (await InScopeAsync(a.Id, database => owners(database, true))).ShouldBe([a.Id], "row-level security hides what the filter would have");
            (await InScopeAsync(null, database => owners(database, true))).ShouldBeEmpty();
            await Should.ThrowAsync<InvalidOperationException>(() => InScopeAsync(null, database => owners(database, false)));
        }

        foreach (var table in TenantData)
        {
            var everything = string.Join(' ', "SELECT DISTINCT client_id AS \"Value\" FROM", table);
            (await InScopeAsync(a.Id, database => database.Database.SqlQueryRaw<Guid>(everything).ToListAsync())).ShouldBe([a.Id.Value]);
        }
    }

    [Fact]
    public async Task TheScopedContextOfAWritesNoRowOfB()
    {
        var before = await RowsOfBAsync();
        var contact = (await InScopeAsync(b.Id, database => database.Contacts.SingleAsync(row => row.Name == $"Ada {b.Mark}"))).Id;
        Contact Row(Tenant owner, ContactId id) => new() { Id = id, ClientId = owner.Id, ChannelId = b.Channel.Id, Phone = "15550109999", Name = "changed" };

        await Should.ThrowAsync<InvalidOperationException>(() => SaveAsync(database => database.Add(Row(b, TypedId.New<ContactId>()))));
        await Should.ThrowAsync<InvalidOperationException>(() => SaveAsync(database => database.Update(Row(b, contact))));
        await Should.ThrowAsync<InvalidOperationException>(() => SaveAsync(database => database.Remove(Row(b, contact))));
        // A row of B under the name of A passes the guard; there is no such row for Postgres.
        await Should.ThrowAsync<DbUpdateConcurrencyException>(() => SaveAsync(database => database.Update(Row(a, contact))));
        await Should.ThrowAsync<DbUpdateConcurrencyException>(() => SaveAsync(database => database.Remove(Row(a, contact))));
        var ofB = b.Id;
        (await InScopeAsync(a.Id, database => database.Contacts.IgnoreQueryFilters().Where(row => row.ClientId == ofB)
            .ExecuteUpdateAsync(row => row.SetProperty(each => each.Name, "changed")))).ShouldBe(0);
        (await InScopeAsync(a.Id, database => database.Messages.IgnoreQueryFilters().Where(row => row.ClientId == ofB).ExecuteDeleteAsync())).ShouldBe(0);
        (await InScopeAsync(a.Id, database => database.Database.ExecuteSqlAsync($"DELETE FROM messages WHERE client_id = {b.Id.Value}"))).ShouldBe(0);

        (await RowsOfBAsync()).ShouldBe(before);

        Task<int> SaveAsync(Action<WaMcpDbContext> change) => InScopeAsync(a.Id, database =>
        {
            change(database);
            return database.SaveChangesAsync();
        });
    }

    [Fact]
    public void AScopeThatBelongsToAClientIsNeverAnothers()
    {
        var scope = new TenantContext();
        Should.Throw<InvalidOperationException>(() => scope.ClientId);
        scope.Set(a.Id);
        scope.Set(a.Id);
        Should.Throw<InvalidOperationException>(() => scope.Set(b.Id));
        scope.ClientId.ShouldBe(a.Id);
    }

    [Theory]
    [MemberData(nameof(TenantTables))]
    public async Task AConnectionSeesTheRowsOfTheClientItCarriesAndNoOthers(string table)
    {
        (await OwnersAsync(null, $"SELECT client_id FROM {table}")).ShouldBeEmpty();
        foreach (var (mine, theirs) in new[] { (a, b), (b, a) })
        {
            (await OwnersAsync(mine.Id, $"SELECT DISTINCT client_id FROM {table}")).ShouldBe([mine.Id.Value]);
            (await OwnersAsync(mine.Id, $"SELECT client_id FROM {table} WHERE client_id = '{theirs.Id.Value}'")).ShouldBeEmpty();
            (await OwnersAsync(mine.Id, $"SELECT client_id FROM {table} WHERE client_id = '{theirs.Id.Value}' FOR UPDATE")).ShouldBeEmpty();
        }

        await using var connection = await CarryAsync(a.Id);
        await using (var copy = await connection.BeginTextExportAsync($"COPY {table} TO STDOUT"))
        {
            var rows = await copy.ReadToEndAsync();
            rows.ShouldContain(a.Id.Value.ToString());
            rows.ShouldNotContain(b.Id.Value.ToString());
        }

        await ExecuteAsync(connection, "SET row_security = off");
        await ShouldBeDeniedAsync(connection, $"SELECT count(*) FROM {table}");
    }

    [Theory]
    [MemberData(nameof(TenantTables))]
    public async Task RowsOfAnotherClientCanBeNeitherWrittenNorChangedNorTakenOver(string table)
    {
        var before = await RowsOfBAsync();
        var rowOfB = await system.QueryAsync<string>($"SELECT row_to_json(t)::text FROM {table} t WHERE client_id = $1 LIMIT 1", b.Id.Value);
        var columns = await system.QueryAsync<string>(
            "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
            table);
        var copyOfB = $"json_populate_record(NULL::{table}, '{rowOfB!.Replace("'", "''", StringComparison.Ordinal)}')";

        foreach (var carried in new ClientId?[] { a.Id, null })
        {
            await using var connection = await CarryAsync(carried);
            await ShouldBeDeniedAsync(connection, $"INSERT INTO {table} ({columns}) SELECT {columns} FROM {copyOfB}");
            await ShouldBeDeniedAsync(connection, $"INSERT INTO {table} ({columns}) SELECT {columns} FROM {copyOfB} ON CONFLICT (id) DO UPDATE SET created_at = now()");
            (await ExecuteAsync(connection, $"UPDATE {table} SET created_at = now() WHERE client_id = '{b.Id.Value}'")).ShouldBe(0);
            (await ExecuteAsync(connection, $"UPDATE {table} SET client_id = '{a.Id.Value}' WHERE client_id = '{b.Id.Value}'")).ShouldBe(0);
            (await ExecuteAsync(connection, $"DELETE FROM {table} WHERE client_id = '{b.Id.Value}'")).ShouldBe(0);
        }

        await using var ofA = await CarryAsync(a.Id);
        await ShouldBeDeniedAsync(ofA, $"UPDATE {table} SET client_id = '{b.Id.Value}'"); // its own rows, into the other's hands
        (await RowsOfBAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task WhatReadsAsTheOwnerReadsOnlyRowsOfTheClientThatTheConnectionCarries()
    {
        (await system.QueryAsync<string[]>("SELECT array_agg(proname::text ORDER BY proname) FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"))
            .ShouldBe(["carrier_of_media", "find_messages", "media_in_use"], "A new function that goes around the policies is tried here as well.");
        TypedId.TryParse<MediaObjectId>(b.Media, out var file).ShouldBeTrue();
        foreach (var (carried, mine) in new (ClientId?, bool)[] { (a.Id, false), (null, false), (b.Id, true) })
        {
            ((await RowsAsync(carried, $"SELECT unnest(ids) FROM find_messages('hello', '{b.Channel.Id.Value}', NULL, NULL, '{Guid.Empty}', '{Guid.AllBitsSet}', 100)"))
                .Count > 0).ShouldBe(mine);
            ((await RowsAsync(carried, $"SELECT carrier_of_media('{file.Value}', ARRAY['{b.Channel.Id.Value}'::uuid])")).Count > 0).ShouldBe(mine);
            ((await RowsAsync(carried, $"SELECT media_in_use(ARRAY['{file.Value}'::uuid])")).Count > 0).ShouldBe(mine);
        }

        var received = await RowsAsync(a.Id, $"SELECT unnest(ids) FROM find_messages('hello', '{a.Channel.Id.Value}', NULL, NULL, '{Guid.Empty}', '{Guid.AllBitsSet}', 100)");
        received.Select(id => new MessageId(id).ToString()).ShouldContain(a.Received);

        Task<List<Guid>> RowsAsync(ClientId? client, string sql) => OwnersAsync(client, sql);
    }

    [Fact]
    public async Task ARowCannotPointIntoAnotherClientsRecords()
    {
        await using var connection = await CarryAsync(a.Id);
        foreach (var column in new[] { "contact_id", "conversation_id" })
        {
            var foreign = await system.QueryAsync<Guid>($"SELECT {column} FROM messages WHERE client_id = $1 LIMIT 1", b.Id.Value);
            var refused = await Should.ThrowAsync<PostgresException>(() => ExecuteAsync(connection, $"UPDATE messages SET {column} = '{foreign}'"));
            refused.SqlState.ShouldBe(PostgresErrorCodes.ForeignKeyViolation);
        }
    }

    [Fact]
    public async Task AConnectionGivenBackToThePoolCarriesNobody()
    {
        await using var pool = NpgsqlDataSource.Create($"{system.Database.App};Maximum Pool Size=1");
        var options = new DbContextOptionsBuilder<WaMcpDbContext>().UseNpgsql(pool).Options;

        var first = await LookAsync(a.Id);
        first.Carried.ShouldBe(a.Id.Value.ToString());
        (await LookAsync(null)).ShouldBe((first.Backend, "", 0L));
        (await LookAsync(a.Id, fail: true)).Backend.ShouldBe(first.Backend);
        (await LookAsync(null)).ShouldBe((first.Backend, "", 0L));
        (await LookAsync(b.Id)).Carried.ShouldBe(b.Id.Value.ToString());

        async Task<(int Backend, string Carried, long Rows)> LookAsync(ClientId? client, bool fail = false)
        {
            var tenant = new TenantContext();
            if (client is { } id)
            {
                tenant.Set(id);
            }

            await using var database = new WaMcpDbContext(options, tenant);
            await database.Database.BeginTransactionAsync();
            var seen = await database.Database
                .SqlQueryRaw<string>(
                    """
                    SELECT concat_ws('|', pg_backend_pid(), coalesce(current_setting('wamcp.client_id', true), ''), (SELECT count(*) FROM messages)) AS "Value"
                    """)
                .SingleAsync();
            if (fail)
            {
                await Should.ThrowAsync<PostgresException>(() => database.Database.ExecuteSqlAsync($"SELECT 1 / 0"));
            }

            var parts = seen.Split('|');
            return (int.Parse(parts[0]), parts[1], long.Parse(parts[2]));
        }
    }

    /// <summary>For each kind of tenant data: whose rows a context finds, with or without its filter.</summary>
    private static IEnumerable<Func<WaMcpDbContext, bool, Task<List<ClientId>>>> Owners => typeof(ITenantOwned).Assembly.GetTypes()
        .Where(type => type.IsClass && type.IsAssignableTo(typeof(ITenantOwned)))
        .Select(type => typeof(RowsOfAnotherClientTests).GetMethod(nameof(ReadOwnersAsync), BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(type).CreateDelegate<Func<WaMcpDbContext, bool, Task<List<ClientId>>>>());

    private static Task<List<ClientId>> ReadOwnersAsync<TRecord>(WaMcpDbContext database, bool withoutFilter)
        where TRecord : class, ITenantOwned =>
        (withoutFilter ? database.Set<TRecord>().IgnoreQueryFilters() : database.Set<TRecord>()).Select(record => record.ClientId).Distinct().ToListAsync();

    private async Task<T> InScopeAsync<T>(ClientId? client, Func<WaMcpDbContext, Task<T>> run)
    {
        await using var scope = system.ServerApplication.Services.CreateAsyncScope();
        if (client is { } id)
        {
            scope.ServiceProvider.GetRequiredService<TenantContext>().Set(id);
        }

        return await run(scope.ServiceProvider.GetRequiredService<WaMcpDbContext>());
    }

    private Task<string?> RowsOfBAsync() => system.QueryAsync<string>(
        string.Join(" || ", TenantData.Select(table => $"(SELECT string_agg(t::text, E'\\n' ORDER BY id) FROM {table} t WHERE client_id = $1)")).Insert(0, "SELECT "),
        b.Id.Value);

    private async Task<NpgsqlConnection> CarryAsync(ClientId? client)
    {
        var connection = new NpgsqlConnection(system.Database.App + ";Pooling=false");
        await connection.OpenAsync();
        if (client is { } id)
        {
            await ExecuteAsync(connection, $"SELECT set_config('wamcp.client_id', '{id.Value}', false)");
        }

        return connection;
    }

    private async Task<List<Guid>> OwnersAsync(ClientId? client, string sql)
    {
        await using var connection = await CarryAsync(client);
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var owners = new List<Guid>();
        while (await reader.ReadAsync())
        {
            owners.Add(reader.GetGuid(0));
        }

        return owners;
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
