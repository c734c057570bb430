using Npgsql;
using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Data;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Audit;

/// <summary>A database of a test's own, written to as the programs write, and changed as only its owner can.</summary>
internal sealed class AuditDatabase : IAsyncDisposable
{
    private readonly Guid writer = Guid.NewGuid();

    private AuditDatabase(MigratedDatabase database)
    {
        Database = database;
        AsApp = NpgsqlDataSource.Create(database.App);
    }

    public MigratedDatabase Database { get; }

    /// <summary>As the programs connect.</summary>
    public NpgsqlDataSource AsApp { get; }

    public static async Task<AuditDatabase> CreateAsync(LocalPostgres? postgres = null) => new(await MigratedDatabase.CreateAsync(postgres));

    public static AuditDatabase Of(MigratedDatabase database) => new(database);

    /// <summary>A record with something in every column.</summary>
    public static AuditRecord Full(int number = 0) => new()
    {
        Action = AuditAction.ToolCalled,
        Ts = new DateTimeOffset(2026, 11, 22, 8, 0, 0, TimeSpan.Zero).AddTicks(number * 12_345_678L),
        ClientId = new ClientId(Guid.CreateVersion7()),
        ApiKeyId = new ApiKeyId(Guid.CreateVersion7()),
        ChannelId = new ChannelId(Guid.CreateVersion7()),
        RequestId = $"req_{number}",
        ToolName = "send_message",
        ProviderMessageId = $"wamid.{number}",
        PayloadHash = new string('a', 64),
        ErrorCode = "daily_cap",
        LatencyMs = 1.0 / 3 * number,
        Ip = "192.0.2.7",
        UserAgent = "agent/1.0",
        Metadata = """{"transport":"stdio","a":{"n":1.0,"list":[1e23,null,true]},"é":"€"}""",
    };

    /// <summary>Writes records as the send of a message does.</summary>
    public async Task WriteAsync(params AuditRecord[] records)
    {
        await using var connection = await AsApp.OpenConnectionAsync();
        await AuditTable.WriteAsync(connection, records, CancellationToken.None);
    }

    /// <summary>Writes records as a queue does, without its waiting.</summary>
    public async Task FlushAsync(AuditRecord[] records)
    {
        await using var connection = await AsApp.OpenConnectionAsync();
        await AuditTable.WriteAsync(connection, [.. records.Select(DigestedRow.Of)], Guid.NewGuid(), writer, closing: false, CancellationToken.None);
    }

    /// <summary>The notary's work, until nothing is left.</summary>
    public async Task<AuditHead> SealAsync()
    {
        var notary = new SealAudit(AsApp);
        while (await notary.ExecuteAsync(CancellationToken.None) is not null)
        {
        }

        return (await notary.LastAsync(CancellationToken.None)).Head;
    }

    public Task<AuditVerdict> VerifyAsync(VerifyAudit.Order? order = null) =>
        new VerifyAudit(AsApp).ExecuteAsync(order ?? new(), null, CancellationToken.None);

    public Task<List<AuditRow>> RowsAsync() => ReadAsync($"SELECT {AuditRow.Columns} FROM audit_log ORDER BY id", AuditRow.Read);

    public Task<List<AuditBatch>> BatchesAsync() => ReadAsync($"SELECT {AuditBatch.Columns} FROM audit_batches ORDER BY id", AuditBatch.Read);

    /// <summary>Runs a statement as the owner, whom no right holds back.</summary>
    public Task<List<object>> TamperAsync(string sql) => Database.ReadAsync<object>(sql);

    public ValueTask DisposeAsync() => AsApp.DisposeAsync();

    private async Task<List<T>> ReadAsync<T>(string sql, Func<NpgsqlDataReader, T> read)
    {
        await using var command = AsApp.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var all = new List<T>();
        while (await reader.ReadAsync())
        {
            all.Add(read(reader));
        }

        return all;
    }
}
