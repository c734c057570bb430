using System.Text.Json;

namespace WaMcp.Server.Auth;

/// <summary>As much of a JSON-RPC message as the request path must know before the protocol layer reads it.</summary>
/// <param name="Id">The message's id, as JSON; <c>null</c> when it has none.</param>
/// <param name="Method">Its method; null when it is no request.</param>
/// <param name="Name">What it calls: the tool's name.</param>
/// <param name="Arguments">The tool's input.</param>
internal sealed record McpCall(JsonElement? Id, string? Method, string? Name, JsonElement Arguments)
{
    private static readonly McpCall None = new(null, null, null, default);

    /// <summary>Whether the call spends the key's per-minute budget; everything else has a loose limit of its own.</summary>
    public bool SpendsBudget => Method is "tools/call" or "resources/read" or "prompts/get";

    public bool IsToolCall => Method == "tools/call";

    /// <summary>Reads a body; what is no JSON-RPC request is left for the protocol layer to refuse in its own words.</summary>
    public static McpCall Read(ReadOnlyMemory<byte> body)
    {
        JsonElement message;
        try
        {
            using var document = JsonDocument.Parse(body);
            message = document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return None;
        }

        if (Member(message, "method") is not { ValueKind: JsonValueKind.String } method)
        {
            return None;
        }

        var parameters = Member(message, "params");
        return new McpCall(
            Member(message, "id"),
            Text(method),
            parameters is { } given && Member(given, "name") is { ValueKind: JsonValueKind.String } name ? Text(name) : null,
            parameters is { } holder ? Member(holder, "arguments") ?? default : default);
    }

    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : null;

    private static string? Text(JsonElement element)
    {
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair
        }
    }
}
