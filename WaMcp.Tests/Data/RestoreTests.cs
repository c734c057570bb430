using Npgsql;
using WaMcp.Domain.Messages;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Data;

/// <summary>A backup brings back every message, and what is computed from them.</summary>
public sealed class RestoreTests
{
    private static readonly Guid Client = Guid.CreateVersion7();
    private static readonly Guid Channel = Guid.CreateVersion7();

    [Fact]
    public async Task WhatPgDumpWroteIsRestoredWithEveryMessageAndItsWords()
    {
        var postgres = await LocalPostgres.Shared();
        var database = await MigratedDatabase.CreateAsync();
        await FillAsync(database.Owner);
        var dump = Path.Combine(RunFolder.Create("dump"), "wamcp.dump");
        var tools = await PostgresBinaries.FindAsync();
        var restored = await postgres.CreateDatabaseAsync();

        await tools.RunToolAsync("pg_dump", ["--format=custom", "--file", dump, "--dbname", Url(database.Owner)]);
        await tools.RunToolAsync("pg_restore", ["--exit-on-error", "--dbname", Url(restored), dump]);

        const string all = "SELECT string_agg(messages::text, E'\\n' ORDER BY id) FROM messages";
        (await MigratedDatabase.ReadAsync<long>(restored, "SELECT count(*) FROM messages")).ShouldBe([3]);
        (await MigratedDatabase.ReadAsync<string>(restored, all)).ShouldBe(await database.ReadAsync<string>(all));
        foreach (var (words, count) in new[] { ("order", 1), ("订单", 1), ("invoice-4711", 1), ("nowhere", 0) })
        {
            (await MigratedDatabase.ReadAsync<int>(
                $"{restored};Options=-c wamcp.client_id={Client}",
                $"SELECT cardinality(ids) FROM find_messages(search_query('{{{words}}}'), '{Channel}', NULL, NULL, '{Guid.Empty}', '{Guid.AllBitsSet}', 20)"))
                .ShouldBe([count], words);
        }
    }

    private static Task<List<int>> FillAsync(string owner)
    {
        var (contact, conversation) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var file = new InboundContent { File = new("document", "77", "application/pdf", null, "invoice-4711.pdf", null, null) }.ToJson();
        return MigratedDatabase.ReadAsync<int>(
            owner,
            $"""
            INSERT INTO clients (id, slug, display_name, is_owner, created_at) VALUES ('{Client}', 'acme', 'Acme', false, now());
            INSERT INTO channels (id, kind, name, profile, provider_id, address, created_at)
            VALUES ('{Channel}', 'WhatsApp', 'support', 'Platform', '1', '+1 555 010 0001', now());
            INSERT INTO contacts (id, client_id, channel_id, phone, created_at) VALUES ('{contact}', '{Client}', '{Channel}', '15550100100', now());
            INSERT INTO conversations (id, client_id, channel_id, contact_id, last_message_at, created_at)
            VALUES ('{conversation}', '{Client}', '{Channel}', '{contact}', now(), now());
            INSERT INTO messages (id, client_id, channel_id, conversation_id, contact_id, direction, kind, body, content, state, created_at)
            SELECT gen_random_uuid(), '{Client}', '{Channel}', '{conversation}', '{contact}', 'Inbound', kind, body, content::json, 'Received', now()
            FROM (VALUES ('text', 'Where is my order?', NULL), ('text', '我的订单在哪里', NULL), ('document', NULL, '{file}')) said (kind, body, content)
            """);
    }

    private static string Url(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        return $"postgresql://{settings.Username}:{settings.Password}@{settings.Host}:{settings.Port}/{settings.Database}";
    }
}
