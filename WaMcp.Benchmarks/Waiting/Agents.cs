using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Npgsql;
using WaMcp.Domain.Access;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Benchmarks.Waiting;

/// <summary>Agents of one client that each wait for another person, and those people.</summary>
internal sealed class Agents(string owner, Dictionary<string, string?> settings, int count) : IDisposable
{
    private const string Client = "00000000-0000-7000-8000-000000000001";
    private const string Channel = "00000000-0000-7000-8000-000000000002";
    private const string Number = "100000000000001";

    private readonly HttpClient http = new(new SocketsHttpHandler()) { Timeout = TimeSpan.FromMinutes(10) };
    private readonly KeyToken token = KeyToken.Generate("test");
    private readonly ConcurrentDictionary<string, TaskCompletionSource<long>> heard = new();
    private Uri server = null!;

    public int Count => count;

    public void At(Uri address) => server = address;

    public void Dispose() => http.Dispose();

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await ScalarAsync(
            $"""
            INSERT INTO clients (id, slug, display_name, is_owner, created_at) VALUES ('{Client}', 'bench', 'Bench', false, now());
            INSERT INTO channels (id, kind, name, profile, provider_id, account_id, address, created_at)
                VALUES ('{Channel}', 'WhatsApp', 'bench', 'Platform', '{Number}', '200000000000001', '+1 555 010 0001', now());
            INSERT INTO grants (id, client_id, channel_id, tools, created_at) VALUES (gen_random_uuid(), '{Client}', '{Channel}', ARRAY['wait_for_reply'], now())
            """,
            cancellationToken);
        var pepper = Pepper.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        var (hash, pepperId) = pepper.Hash(token);
        await using var context = new WaMcpDbContext(new DbContextOptionsBuilder<WaMcpDbContext>().UseNpgsql(owner).Options, new TenantContext());
        context.ApiKeys.Add(new ApiKey
        {
            Id = TypedId.New<ApiKeyId>(),
            ClientId = new ClientId(Guid.Parse(Client)),
            Environment = "test",
            Label = "bench",
            Prefix = token.Prefix,
            Hash = hash,
            PepperId = pepperId,
            Scopes = ["tools:wait_for_reply", $"numbers:{new Domain.Channels.ChannelId(Guid.Parse(Channel))}"],
            RpmLimit = 1_000_000,
            CreatedAt = DateTimeOffset.UtcNow,
        });
        await context.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Everybody writes for the first time, until all of it is recorded.</summary>
    public async Task HearAllAsync(CancellationToken cancellationToken)
    {
        for (var person = 0; person < count; person++)
        {
            await WriteAsync(person, "hello", cancellationToken);
        }

        while ((long)(await ScalarAsync("SELECT count(*) FROM messages", cancellationToken))! < count)
        {
            await Task.Delay(50, cancellationToken);
        }
    }

    /// <summary>All wait, again and again.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(person => WaitAsync(person, cancellationToken)));

    /// <summary>So many messages come, evenly; says how many milliseconds after its webhook's 200 each was answered.</summary>
    public async Task<List<double>> WriteAsync(int messages, int rate, CancellationToken cancellationToken)
    {
        var times = new List<Task<double>>();
        var started = Stopwatch.GetTimestamp();
        for (var number = 0; number < messages; number++)
        {
            times.Add(TimeAsync(number % count, string.Create(CultureInfo.InvariantCulture, $"message {number}"), cancellationToken));
            var ahead = TimeSpan.FromSeconds((number + 1.0) / rate) - Stopwatch.GetElapsedTime(started);
            await Task.Delay(ahead > TimeSpan.Zero ? ahead : TimeSpan.Zero, cancellationToken);
        }

        return [.. await Task.WhenAll(times)];
    }

    private async Task<double> TimeAsync(int person, string text, CancellationToken cancellationToken)
    {
        var place = heard[text] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await WriteAsync(person, text, cancellationToken);
        var committed = Stopwatch.GetTimestamp();
        return (await place.Task.WaitAsync(TimeSpan.FromMinutes(2), cancellationToken) - committed) * 1_000.0 / Stopwatch.Frequency;
    }

    private async Task WaitAsync(int person, CancellationToken cancellationToken)
    {
        string? since = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var answer = await CallAsync(new { channel = "bench", person = Phone(person), since, timeoutSeconds = 300 }, cancellationToken);
                var now = Stopwatch.GetTimestamp();
                since = answer.GetProperty("cursor").GetString();
                foreach (var message in answer.GetProperty("messages").EnumerateArray())
                {
                    heard.GetValueOrDefault(message.GetProperty("text").GetString()!)?.TrySetResult(now);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task<JsonElement> CallAsync(object arguments, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, "/mcp"));
        request.Content = new StringContent(JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["jsonrpc"] = "2.0",
            ["id"] = 1,
            ["method"] = "tools/call",
            ["params"] = new Dictionary<string, object>
            {
                ["name"] = "wait_for_reply",
                ["arguments"] = arguments,
                ["_meta"] = new Dictionary<string, object>
                {
                    ["io.modelcontextprotocol/protocolVersion"] = "2026-07-28",
                    ["io.modelcontextprotocol/clientCapabilities"] = new { },
                    ["io.modelcontextprotocol/clientInfo"] = new { name = "bench", version = "1" },
                },
            },
        }));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.Accept.ParseAdd("text/event-stream");
        request.Headers.Add("MCP-Protocol-Version", "2026-07-28");
        request.Headers.Add("Mcp-Method", "tools/call");
        request.Headers.Add("Mcp-Name", "wait_for_reply");
        request.Headers.Authorization = new("Bearer", token.Text);
        using var response = await http.SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        var json = body.StartsWith('{') ? body : body.Split('\n').Last(line => line.StartsWith("data:", StringComparison.Ordinal))[5..];
        using var document = JsonDocument.Parse(json);
        return document.RootElement.TryGetProperty("result", out var result) && result.TryGetProperty("structuredContent", out var content) && content.TryGetProperty("messages", out _)
            ? content.Clone() : throw new InvalidOperationException($"wait_for_reply answered {(int)response.StatusCode}: {json}");
    }

    private async Task WriteAsync(int person, string text, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new
        {
            @object = "whatsapp_business_account",
            entry = new[]
            {
                new
                {
                    id = "200000000000001",
                    changes = new[]
                    {
                        new
                        {
                            field = "messages",
                            value = new
                            {
                                messaging_product = "whatsapp",
                                metadata = new { display_phone_number = "15550100001", phone_number_id = Number },
                                messages = new[]
                                {
                                    new
                                    {
                                        from = Phone(person),
                                        id = $"wamid.{Guid.NewGuid():N}",
                                        timestamp = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
                                        type = "text",
                                        text = new { body = text },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, "/webhooks/whatsapp")) { Content = new ByteArrayContent(body) };
        request.Headers.Add(
            "X-Hub-Signature-256", $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(settings["meta_app_secret"]!), body))}");
        using var response = await http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    private static string Phone(int person) => (15560000000 + person).ToString(CultureInfo.InvariantCulture);

    private async Task<object?> ScalarAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(owner);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken);
    }
}
