using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Domain;

namespace WaMcp.Server.Mcp;

/// <summary>Turns a call's arguments into a tool's input, or into an error that names the member that was wrong.</summary>
internal sealed class ToolInput<TInput>
    where TInput : class
{
    private readonly string[] members;
    private readonly string[] required;

    public ToolInput()
    {
        Schema = ToolSchema.Of(typeof(TInput));
        members = Schema.TryGetProperty("properties", out var properties) ? [.. properties.EnumerateObject().Select(member => member.Name)] : [];
        required = Schema.TryGetProperty("required", out var names) ? [.. names.EnumerateArray().Select(name => name.GetString()!)] : [];
    }

    public JsonElement Schema { get; }

    /// <exception cref="Fault"><c>invalid_input</c>.</exception>
    public TInput Read(JsonElement arguments)
    {
        var given = Normalize(arguments);
        foreach (var (name, value) in given)
        {
            if (!members.Contains(name))
            {
                throw Fault.Invalid(name.Length <= 64 ? name : name[..64], "is not a parameter of this tool.", $"Parameters: {string.Join(", ", members)}.");
            }

            if (value is null && required.Contains(name))
            {
                throw Fault.Invalid(name, "must not be null.");
            }

            RefuseNullEntries(name, value);
        }

        if (required.FirstOrDefault(name => !given.ContainsKey(name)) is { } missing)
        {
            throw Fault.Invalid(missing, "is required.");
        }

        try
        {
            return given.Deserialize<TInput>(ToolSchema.Json)!;
        }
        catch (JsonException exception)
        {
            var member = exception.Path?.TrimStart('$', '.') is { Length: > 0 } path ? path : "arguments";
            throw Fault.Invalid(member, $"has the wrong type; {Expected(member)}.");
        }
    }

    // The serialiser checks members for null, but not the entries of lists.
    private static void RefuseNullEntries(string path, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (var (name, value) in members)
                {
                    RefuseNullEntries($"{path}.{name}", value);
                }

                break;
            case JsonArray entries:
                for (var i = 0; i < entries.Count; i++)
                {
                    RefuseNullEntries($"{path}[{i}]", entries[i] ?? throw Fault.Invalid($"{path}[{i}]", "must not be null."));
                }

                break;
        }
    }

    private JsonObject Normalize(JsonElement arguments)
    {
        JsonObject given;
        try
        {
            given = JsonObject.Create(arguments) ?? throw Fault.Invalid("arguments", "must be an object.");
            _ = given.Count; // reads the members: a name given twice shows here
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            throw Fault.Invalid("arguments", "must be an object that names each parameter once.");
        }

        if (members.Contains(ChannelArgument.Name) && !given.ContainsKey(ChannelArgument.Name))
        {
            foreach (var alias in ChannelArgument.Aliases)
            {
                if (given.Remove(alias, out var value))
                {
                    given[ChannelArgument.Name] = value;
                    break;
                }
            }
        }

        return given;
    }

    private string Expected(string member) =>
        Schema.GetProperty("properties").TryGetProperty(member, out var schema) && schema.TryGetProperty("type", out var type)
            ? $"expected {type.GetRawText().Replace("\"", "", StringComparison.Ordinal)}"
            : "see the tool's input schema";
}

/// <summary>Arguments as one element.</summary>
internal static class ToolInput
{
    public static JsonElement Arguments(IDictionary<string, JsonElement>? arguments) =>
        JsonSerializer.SerializeToElement(arguments ?? new Dictionary<string, JsonElement>());
}
