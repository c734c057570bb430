using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace WaMcp.Server.Mcp;

internal readonly partial struct McpRequestChecks
{
    private const string ArgumentHeaderPrefix = "Mcp-Param-";

    // What an IEEE 754 double, and so JavaScript, holds exactly.
    private const long LargestSafeInteger = (1L << 53) - 1;

    private static readonly ConditionalWeakTable<McpServerTool, RepeatedArgument[]> Repeated = [];

    // Arguments whose schema says "x-mcp-header" are repeated in a header of that name.
    private McpRefusal? ContradictingArguments(string toolName)
    {
        if (options.ToolCollection is null || !options.ToolCollection.TryGetPrimitive(toolName, out var tool))
        {
            return null; // the MCP server says that there is no such tool
        }

        var arguments = parameters?["arguments"];
        foreach (var repeated in Repeated.GetValue(tool, tool => [.. RepeatedIn(tool.ProtocolTool.InputSchema, [])]))
        {
            if (Decoded(repeated.Header, out var header) is { } unreadable)
            {
                return unreadable;
            }

            var argument = repeated.FindIn(arguments);
            if (header is null && argument is not null)
            {
                return Contradiction($"The {repeated.Header} header is missing; it repeats the argument '{repeated.Name}'.");
            }

            if (header is not null && argument is not null
                && McpHeaderEncoder.DecodeValue(McpHeaderEncoder.ConvertToHeaderValue(argument)) is { } expected
                && !AreSame(header, expected, repeated.IsInteger))
            {
                return Contradiction($"The {repeated.Header} header does not say what the argument '{repeated.Name}' says.");
            }
        }

        return null;
    }

    private static IEnumerable<RepeatedArgument> RepeatedIn(JsonElement schema, string[] path)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("properties", out var properties)
            || properties.ValueKind != JsonValueKind.Object)
        {
            yield break;
        }

        foreach (var property in properties.EnumerateObject())
        {
            string[] here = [.. path, property.Name];
            foreach (var deeper in RepeatedIn(property.Value, here))
            {
                yield return deeper;
            }

            if (property.Value.ValueKind == JsonValueKind.Object
                && property.Value.TryGetProperty("x-mcp-header", out var header)
                && header.ValueKind == JsonValueKind.String && header.GetString() is { Length: > 0 } name)
            {
                yield return new RepeatedArgument(ArgumentHeaderPrefix + name, here, IsInteger(property.Value));
            }
        }
    }

    private static bool IsInteger(JsonElement schema) => schema.TryGetProperty("type", out var type) && type.ValueKind switch
    {
        JsonValueKind.String => type.ValueEquals("integer"),
        JsonValueKind.Array => type.EnumerateArray().Any(one => one.ValueKind == JsonValueKind.String && one.ValueEquals("integer")),
        _ => false,
    };

    // 42 and 42.0 are the same integer, and one that a double cannot hold is none at all, even if both sides write it alike.
    private static bool AreSame(string header, string argument, bool isInteger) =>
        isInteger && (IsNumber(header) || IsNumber(argument))
            ? SafeInteger(header) is { } left && SafeInteger(argument) == left
            : header == argument;

    private static bool IsNumber(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static long? SafeInteger(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture, out var number) && number is >= -LargestSafeInteger and <= LargestSafeInteger
            ? number
            : null;

    /// <summary>The header's whole name and the property names that lead to the argument.</summary>
    private sealed record RepeatedArgument(string Header, string[] Path, bool IsInteger)
    {
        public string Name => string.Join('.', Path);

        public JsonNode? FindIn(JsonNode? arguments) =>
            Path.Aggregate(arguments, (node, name) => node is JsonObject parent ? parent[name] : null);
    }
}
