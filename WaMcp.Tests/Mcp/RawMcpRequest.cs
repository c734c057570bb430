using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WaMcp.Tests.Mcp;

/// <summary>A request written by hand: correct to begin with, and then wrong in just the way a test wants.</summary>
internal sealed class RawMcpRequest
{
    private readonly Dictionary<string, string?> headers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Accept"] = "application/json, text/event-stream",
    };

    private string? text;

    private RawMcpRequest(JsonObject body) => Body = body;

    public JsonObject Body { get; }

    public JsonObject Parameters => Body["params"]!.AsObject();

    public JsonObject Metadata => Parameters["_meta"]!.AsObject();

    public HttpMethod Method { get; set; } = HttpMethod.Post;

    public string? ContentType { get; set; } = "application/json";

    /// <summary>A call of <c>echo</c> as a client of the stateless revision sends it.</summary>
    public static RawMcpRequest Stateless(string method = "tools/call") => new RawMcpRequest(new JsonObject
    {
        ["jsonrpc"] = "2.0",
        ["id"] = "call-7",
        ["method"] = method,
        ["params"] = new JsonObject
        {
            ["name"] = "echo",
            ["arguments"] = new JsonObject { ["text"] = "hello" },
            ["_meta"] = new JsonObject
            {
                ["io.modelcontextprotocol/protocolVersion"] = "2026-07-28",
                ["io.modelcontextprotocol/clientCapabilities"] = new JsonObject(),
            },
        },
    }).With("MCP-Protocol-Version", "2026-07-28").With("Mcp-Method", method).With("Mcp-Name", method == "tools/call" ? "echo" : null);

    /// <summary>The same call as a client after <c>initialize</c> sends it.</summary>
    public static RawMcpRequest Initialized() => new RawMcpRequest(new JsonObject
    {
        ["jsonrpc"] = "2.0",
        ["id"] = 7,
        ["method"] = "tools/call",
        ["params"] = new JsonObject { ["name"] = "echo", ["arguments"] = new JsonObject { ["text"] = "hello" } },
    }).With("MCP-Protocol-Version", "2025-11-25");

    /// <summary>Sets a header; null leaves it out.</summary>
    public RawMcpRequest With(string header, string? value)
    {
        headers[header] = value;
        return this;
    }

    public RawMcpRequest Having(Action<RawMcpRequest> change)
    {
        change(this);
        return this;
    }

    /// <summary>Sends this text instead of the body.</summary>
    public RawMcpRequest Saying(string instead)
    {
        text = instead;
        return this;
    }

    public async Task<RawMcpAnswer> SendAsync(TestMcpServer server)
    {
        using var request = new HttpRequestMessage(Method, server.Endpoint);
        if (Method == HttpMethod.Post)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(text ?? Body.ToJsonString()));
            request.Content.Headers.ContentType = ContentType is null ? null : MediaTypeHeaderValue.Parse(ContentType);
        }

        foreach (var (name, value) in headers)
        {
            if (value is not null)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var answer = await server.Http.SendAsync(request);
        return new RawMcpAnswer(
            (int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, string.Join(", ", answer.Content.Headers.Allow),
            answer.Headers.Contains("Mcp-Session-Id"), await answer.Content.ReadAsStringAsync());
    }
}

internal sealed record RawMcpAnswer(int Status, string? ContentType, string Allow, bool HasSession, string Body)
{
    /// <summary>The JSON-RPC message, whether it came as JSON or as the last event of a stream.</summary>
    public JsonElement Message => JsonDocument.Parse(ContentType == "text/event-stream"
        ? Body.Split('\n').Last(line => line.StartsWith("data:", StringComparison.Ordinal))[5..]
        : Body).RootElement;

    public int ErrorCode => Message.GetProperty("error").GetProperty("code").GetInt32();

    public string Error => Message.GetProperty("error").GetProperty("message").GetString()!;

    public string? Id => Message.GetProperty("id").ToString() is { Length: > 0 } id ? id : null;
}
