using System.Collections.Frozen;
using System.Text.Json;

namespace WaMcp.Server.Auth;

/// <summary>As much of a JSON-RPC message as the request path must know before the protocol layer reads it.</summary>
/// <param name="Id">The message's id, as JSON; <c>null</c> when it has none.</param>
/// <param name="Method">Its method; null when it is no request.</param>
/// <param name="Name">What it calls: the tool's name.</param>
/// <param name="Arguments">The tool's input.</param>
/// <param name="Problem">Why it could be understood otherwise further on, or not at all; null when it is what it seems to be.</param>
internal sealed record McpCall(JsonElement? Id, string? Method, string? Name, JsonElement Arguments, string? Problem)
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>No call that could be read.</summary>
    public static readonly McpCall None = new(null, null, null, default, null);

    // What costs little. Anything else spends the budget, also what cannot be read here: it might be understood further on.
    private static readonly FrozenSet<string> LooseMethods = FrozenSet.ToFrozenSet(
        ["initialize", "notifications/initialized", "notifications/cancelled", "server/discover", "ping", "tools/list", "prompts/list",
         "resources/list", "resources/templates/list", "completion/complete", "logging/setLevel"],
        StringComparer.Ordinal);

    /// <summary>Whether the call spends the key's per-minute budget; the cheap methods have a loose limit of their own.</summary>
    public bool SpendsBudget => Method is null || !LooseMethods.Contains(Method);

    /// <summary>The method for an audit row; one that nobody knows may be anything, so it is kept out.</summary>
    public string KnownMethod => Method is not null && (IsToolCall || IsResourceRead || LooseMethods.Contains(Method)) ? Method : "unknown";

    public bool IsToolCall => Method == "tools/call";

    public bool IsResourceRead => Method == "resources/read";

    /// <summary>Reads a body; what is no JSON-RPC request is left for the protocol layer to refuse in its own words.</summary>
    public static McpCall Read(ReadOnlyMemory<byte> body)
    {
        JsonElement message;
        try
        {
            // The protocol layer skips a byte-order mark, so it must not make the gate blind.
            using var document = JsonDocument.Parse(body.Span.StartsWith(ByteOrderMark) ? body[ByteOrderMark.Length..] : body);
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

        var id = Member(message, "id");
        var parameters = Member(message, "params");
        return new McpCall(
            id is { ValueKind: JsonValueKind.String } text && Text(text) is null ? null : id,
            Text(method),
            parameters is { } given && Member(given, "name") is { ValueKind: JsonValueKind.String } name ? Text(name) : null,
            parameters is { } holder ? Member(holder, "arguments") ?? default : default,
            ProblemOf(message, parameters, id, Text(method)));
    }

    // The protocol layer reads names in any case and has its own words for what it cannot read; what is decided here must be what runs there.
    private static string? ProblemOf(JsonElement message, JsonElement? parameters, JsonElement? id, string? method)
    {
        if (id is { ValueKind: JsonValueKind.String } text && Text(text) is null)
        {
            return "id is not valid text.";
        }

        if (Misspelt(message, ["jsonrpc", "id", "method", "params"]) is { } member)
        {
            return $"Write {member} in exactly these letters.";
        }

        if (method != "tools/call")
        {
            return null;
        }

        if (parameters is not { ValueKind: JsonValueKind.Object } call)
        {
            return "params must be an object with the name of a tool and its arguments.";
        }

        return Misspelt(call, ["name", "arguments", "_meta"]) is { } misspelt ? $"Write params.{misspelt} in exactly these letters."
            : Member(call, "name") is not { ValueKind: JsonValueKind.String } name || Text(name) is null ? "params.name must be the name of a tool."
            : !IsObjectOrNothing(Member(call, "arguments")) ? "params.arguments must be an object."
            : !IsObjectOrNothing(Member(call, "_meta")) ? "params._meta must be an object."
            : null;
    }

    private static bool IsObjectOrNothing(JsonElement? element) =>
        element is null or { ValueKind: JsonValueKind.Object or JsonValueKind.Null };

    // The known name that a member means without being it.
    private static string? Misspelt(JsonElement element, string[] known)
    {
        foreach (var member in element.EnumerateObject())
        {
            if (NameOf(member) is { } name && known.FirstOrDefault(word => word.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } word && word != name)
            {
                return word;
            }
        }

        return null;
    }

    private static string? NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair: no name of ours
        }
    }

    private static JsonElement? Member(JsonElement element, string name)
    {
        try
        {
            return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : null;
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair in some member's name
        }
    }

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
