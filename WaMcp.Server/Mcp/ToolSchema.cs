using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;

namespace WaMcp.Server.Mcp;

/// <summary>How tools write JSON, and the JSON Schema of what they read and write.</summary>
internal static class ToolSchema
{
    /// <summary>Strict both ways: unknown members, nulls and missing members are errors that name the member.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        // Or else the first schema sets it, and of two first ones side by side the second fails.
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        NumberHandling = JsonNumberHandling.Strict,
        PropertyNameCaseInsensitive = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    private static readonly AIJsonSchemaCreateOptions SchemaOptions = new() { IncludeSchemaKeyword = false };

    public static JsonElement Of(Type type)
    {
        var schema = JsonNode.Parse(AIJsonUtilities.CreateJsonSchema(type, serializerOptions: Json, inferenceOptions: SchemaOptions).GetRawText())!;
        Inline(schema, schema);
        RequireOnlyWhatIsAlwaysWritten(schema);
        return JsonSerializer.SerializeToElement(schema);
    }

    // A type that comes twice is written as a pointer to where it came first, and many clients do not follow those.
    private static void Inline(JsonNode? node, JsonNode root)
    {
        if (node is JsonObject schema)
        {
            while (schema["$ref"]?.GetValue<string>() is { } pointer)
            {
                schema.Remove("$ref");
                var target = pointer.Split('/').Skip(1).Aggregate((JsonNode?)root, (at, name) => at is JsonArray list ? list[int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)] : at?[name]);
                foreach (var (name, value) in target!.AsObject().Where(member => !schema.ContainsKey(member.Key)).ToList())
                {
                    schema[name] = value?.DeepClone();
                }
            }
        }

        foreach (var child in Children(node))
        {
            Inline(child, root);
        }
    }

    // Members that are null are left out of answers, so a schema must not require them: clients check.
    private static void RequireOnlyWhatIsAlwaysWritten(JsonNode? node)
    {
        if (node is JsonObject schema && schema["required"] is JsonArray required && schema["properties"] is JsonObject properties)
        {
            required.RemoveAll(name => properties[name!.GetValue<string>()]?["type"] is JsonArray types && types.Any(IsNull));
            if (required.Count == 0)
            {
                schema.Remove("required");
            }
        }

        foreach (var child in Children(node))
        {
            RequireOnlyWhatIsAlwaysWritten(child);
        }
    }

    private static List<JsonNode?> Children(JsonNode? node) => node switch
    {
        JsonObject members => [.. members.Select(member => member.Value)],
        JsonArray items => [.. items],
        _ => [],
    };

    private static bool IsNull(JsonNode? type) => type?.GetValue<string>() == "null";
}
