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

    private static readonly AIJsonSchemaCreateOptions SchemaOptions = new()
    {
        IncludeSchemaKeyword = false,
        TransformSchemaNode = (_, node) => RequireOnlyWhatIsAlwaysWritten(node),
    };

    public static JsonElement Of(Type type) => AIJsonUtilities.CreateJsonSchema(type, serializerOptions: Json, inferenceOptions: SchemaOptions);

    // Members that are null are left out of answers, so a schema must not require them: clients check.
    private static JsonNode RequireOnlyWhatIsAlwaysWritten(JsonNode node)
    {
        if (node is JsonObject schema && schema["required"] is JsonArray required && schema["properties"] is JsonObject properties)
        {
            required.RemoveAll(name => properties[name!.GetValue<string>()]?["type"] is JsonArray types && types.Any(IsNull));
            if (required.Count == 0)
            {
                schema.Remove("required");
            }
        }

        return node;
    }

    private static bool IsNull(JsonNode? type) => type?.GetValue<string>() == "null";
}
