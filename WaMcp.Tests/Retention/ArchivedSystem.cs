using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Data;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Retention;

/// <summary>A database with old audit rows, a folder for them, and what both hold.</summary>
internal sealed class ArchivedSystem : IAsyncDisposable
{
    public const string AllLines = "SELECT row_to_json(a)::text FROM audit_log a WHERE action = 'tool_called' ORDER BY id";

    // Texts that have to come through as they are.
    private static readonly string?[] Texts = [null, "", "plain", "\"quoted\" and \\back\\slashed", "tab?and €uro, 漢字", "\\.", "a,b;c"];
    private static readonly double?[] Latencies = [null, 0, 1.0 / 3, double.PositiveInfinity, 1e-300, -0.0, 12345678.9, double.Epsilon];
    private static readonly string?[] Documents = [null, "{}", """{"n":1.0,"big":1e23,"list":[true,null,"\\"],"é":"€"}""", """{"transport":"stdio"}"""];

    private readonly NpgsqlDataSource asApp;

    private ArchivedSystem(MigratedDatabase database, string folder)
    {
        (Database, Folder) = (database, folder);
        asApp = NpgsqlDataSource.Create(database.App);
    }

    public MigratedDatabase Database { get; }

    public string Folder { get; }

    public static ArchivedSystem Of(WaMcpSystem system) => new(system.Database, system.ArchiveFolder);

    public static async Task<ArchivedSystem> CreateAsync() => new(await MigratedDatabase.CreateAsync(), RunFolder.Create("archive"));

    /// <summary>A Worker over both, as a process.</summary>
    public async Task<ProgramProcess> StartWorkerAsync(string zstd = "zstd")
    {
        var worker = new ProgramProcess("WaMcp.Worker", FreePort.Next(), new Dictionary<string, string?>(TestSecrets.Settings)
        {
            ["ConnectionStrings:wamcp"] = Database.App,
            ["ConnectionStrings:archiver"] = Database.For(MigratedDatabase.ArchiverRole),
            ["ConnectionStrings:redis"] = (await LocalRedis.Shared()).ConnectionString,
            ["AuditArchive:Folder"] = Folder,
            ["AuditArchive:Zstd"] = zstd,
            ["Duties:LookEvery"] = "00:00:00.2",
        });
        await worker.StartAsync();
        return worker;
    }

    /// <summary>Makes the duty due, once a Worker has noted it.</summary>
    public Task AskAsync() => Eventually.TrueAsync(
        "the duties are noted",
        async () => (await Database.ReadAsync<string>("UPDATE duties SET due_at = now() WHERE name = 'archive-audit' RETURNING name")).Count == 1);

    /// <summary>Writes rows as the programs write, as if at that time and the minutes after it, in batches of 50.</summary>
    public async Task WriteAsync(DateTimeOffset from, int rows)
    {
        await using var connection = await asApp.OpenConnectionAsync();
        foreach (var batch in Enumerable.Range(0, rows).Chunk(50))
        {
            await AuditTable.WriteAsync(connection, batch.Select(number => Record(from.AddMinutes(number).AddTicks(number * 12_345L), number)).ToArray(), default);
        }
    }

    /// <summary>The old rows that are in the database, as lines, by id.</summary>
    public Task<List<string>> LinesAsync() => MigratedDatabase.ReadAsync<string>(Database.Owner + ";Timezone=UTC", AllLines);

    /// <summary>The rows of the archive, as the program zstd gives them, file by file.</summary>
    public async Task<List<string>> ArchivedAsync()
    {
        var lines = new List<string>();
        foreach (var path in Directory.EnumerateFiles(Folder, "*.jsonl.zst").Order())
        {
            // Not through the tests' own reader of output: that keeps only the last lines.
            var text = Path.Combine(RunFolder.Create("text"), "lines");
            await ChildProcess.RunAsync("zstd", ["--decompress", "--quiet", "-o", text, path]);
            lines.AddRange(await File.ReadAllLinesAsync(text));
        }

        return lines;
    }

    /// <summary>The manifest of a month.</summary>
    public JsonNode Manifest(string month) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, $"{month}.manifest.json")))!;

    /// <summary>That every one of these rows is in the archive exactly once, and no longer in the database.</summary>
    public async Task ShouldHaveArchivedAsync(IReadOnlyCollection<string> lines)
    {
        (await LinesAsync()).Intersect(lines).ShouldBeEmpty();
        (await ArchivedAsync()).OrderBy(Id).ShouldBe(lines.OrderBy(Id));
        Directory.EnumerateFiles(Folder, "*.manifest.json")
            .Sum(path => (long)JsonNode.Parse(File.ReadAllText(path))!["rows"]!).ShouldBe(lines.Count);
    }

    /// <summary>Runs a statement as the owner, whom no right holds back.</summary>
    public Task TamperAsync(string sql) => Database.ReadAsync<object>(sql);

    public ValueTask DisposeAsync() => asApp.DisposeAsync();

    private static long Id(string line) => JsonDocument.Parse(line).RootElement.GetProperty("id").GetInt64();

    private static AuditRecord Record(DateTimeOffset ts, int number) => new()
    {
        Action = AuditAction.ToolCalled,
        Ts = ts,
        ClientId = number % 5 == 0 ? null : new ClientId(Guid.NewGuid()),
        ApiKeyId = number % 3 == 0 ? null : new ApiKeyId(Guid.NewGuid()),
        RequestId = $"req_{Guid.NewGuid():N}",
        ToolName = Texts[number % Texts.Length],
        UserAgent = Texts[(number + 3) % Texts.Length],
        LatencyMs = Latencies[number % Latencies.Length],
        Metadata = Documents[number % Documents.Length],
        Ip = "2001:db8::1",
    };
}
