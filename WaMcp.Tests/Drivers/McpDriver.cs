using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Client;

namespace WaMcp.Tests.Drivers;

/// <summary>The server as an agent meets it: through the official client, or request by request where the answer's own form matters.</summary>
/// <param name="endpoint">/mcp.</param>
/// <param name="token">The API key; null for none.</param>
internal sealed class McpDriver(Uri endpoint, string? token)
{
    private const string ProtocolVersion = "2026-07-28";
    private static readonly HttpClient Http = new();

    /// <summary>What the caller says it is; audit rows keep it, so a test can find the rows of one request by it.</summary>
    public string? UserAgent { get; init; }

    /// <summary>What a proxy in front would say about the caller.</summary>
    public string? ForwardedFor { get; init; }

    /// <summary>The official SDK's client, at its newest protocol unless told otherwise.</summary>
    public Task<McpClient> ConnectAsync(string? protocolVersion = null)
    {
        var transport = new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = endpoint,
            TransportMode = HttpTransportMode.StreamableHttp,
            AdditionalHeaders = token is null ? [] : new Dictionary<string, string> { ["Authorization"] = $"Bearer {token}" },
        });
        return McpClient.CreateAsync(transport, protocolVersion is null ? null : new McpClientOptions { ProtocolVersion = protocolVersion });
    }

    /// <summary>Calls a tool and returns its answer, whatever it is.</summary>
    public async Task<RawAnswer> CallAsync(string tool, object? arguments = null)
    {
        var request = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = 7,
            ["method"] = "tools/call",
            ["params"] = new JsonObject
            {
                ["name"] = tool,
                ["arguments"] = JsonSerializer.SerializeToNode(arguments ?? new { }),
                ["_meta"] = Meta(),
            },
        };
        return await PostAsync(request.ToJsonString(), "tools/call", tool);
    }

    /// <summary>Reads a resource and returns the answer, whatever it is.</summary>
    public async Task<RawAnswer> ReadAsync(string uri)
    {
        var request = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = 7,
            ["method"] = "resources/read",
            ["params"] = new JsonObject { ["uri"] = uri, ["_meta"] = Meta() },
        };
        return await PostAsync(request.ToJsonString(), "resources/read", uri);
    }

    /// <summary>The structured content of a call that must succeed.</summary>
    public async Task<JsonElement> ResultAsync(string tool, object? arguments = null)
    {
        var answer = await CallAsync(tool, arguments);
        answer.IsError.ShouldBeFalse(answer.ToString());
        return answer.Structured;
    }

    public async Task<RawAnswer> PostAsync(string body, string? method = null, string? name = null, string? authorization = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new StringContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.Accept.ParseAdd("text/event-stream");
        request.Headers.Add("MCP-Protocol-Version", ProtocolVersion);
        if (method is not null)
        {
            request.Headers.Add("Mcp-Method", method);
        }

        if (name is not null)
        {
            request.Headers.TryAddWithoutValidation("Mcp-Name", name);
        }

        if (UserAgent is not null)
        {
            request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        }

        if (authorization is not null || token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization ?? $"Bearer {token}");
        }

        if (ForwardedFor is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", ForwardedFor);
        }

        using var response = await Http.SendAsync(request);
        return await RawAnswer.ReadAsync(response);
    }

    private static JsonObject Meta() => new()
    {
        ["io.modelcontextprotocol/protocolVersion"] = ProtocolVersion,
        ["io.modelcontextprotocol/clientCapabilities"] = new JsonObject(),
        ["io.modelcontextprotocol/clientInfo"] = new JsonObject { ["name"] = "tests", ["version"] = "1" },
    };
}

/// <summary>An HTTP answer with the JSON-RPC message in it.</summary>
internal sealed record RawAnswer(int Status, HttpResponseHeaders Headers, string Body, JsonElement Message)
{
    public JsonElement Structured => Message.GetProperty("result").GetProperty("structuredContent");

    public bool IsError => !Message.TryGetProperty("result", out var result)
        || (result.TryGetProperty("isError", out var isError) && isError.ValueKind == JsonValueKind.True);

    public JsonElement Error => Message.GetProperty("error");

    public int ErrorCode => Error.GetProperty("code").GetInt32();

    public string? Reason => Message.TryGetProperty("error", out var error)
        ? error.GetProperty("data").GetProperty("reason").GetString()
        : Structured.GetProperty("reason").GetString();

    public override string ToString() => $"HTTP {Status} {Body}";

    public static async Task<RawAnswer> ReadAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        var json = response.Content.Headers.ContentType?.MediaType == "text/event-stream"
            ? body.Split('\n').Where(line => line.StartsWith("data:", StringComparison.Ordinal)).Select(line => line[5..].Trim()).LastOrDefault()
            : body;
        var message = string.IsNullOrWhiteSpace(json) ? default : JsonDocument.Parse(json).RootElement.Clone();
        return new RawAnswer((int)response.StatusCode, response.Headers, body, message);
    }
}
