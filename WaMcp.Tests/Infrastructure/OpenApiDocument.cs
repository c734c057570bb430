using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace WaMcp.Tests.Infrastructure;

/// <summary>An OpenAPI document as a tree of JSON nodes, with what a contract test asks of it.</summary>
public sealed class OpenApiDocument
{
    private OpenApiDocument(JsonObject root) => Root = root;

    public JsonObject Root { get; }

    /// <summary>
    /// Meta's own contract, found by walking up from the tests to a folder that has shared/reference; null where this machine has
    /// none. It is not part of the repository.
    /// </summary>
    public static OpenApiDocument? FindMeta()
    {
        const string Name = "shared/reference/meta-business-messaging-v23.openapi.yaml";
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var file = Path.Combine(folder.FullName, Name);
            if (File.Exists(file))
            {
                return Load(file);
            }
        }

        return null;
    }

    public static OpenApiDocument Load(string file)
    {
        using var reader = File.OpenText(file);
        var yaml = new YamlStream();
        yaml.Load(reader);
        return new OpenApiDocument(Convert(yaml.Documents[0].RootNode)!.AsObject());
    }

    public JsonObject Schema(string name) => At("components", "schemas", name)?.AsObject() ?? throw new KeyNotFoundException($"There is no schema {name}.");

    /// <summary>The schema of a JSON answer, or null when the document has none for it.</summary>
    public JsonObject? ResponseSchema(string path, string method, int status)
    {
        var responses = At("paths", path, method, "responses") ?? throw new KeyNotFoundException($"There is no {method} {path}.");
        var response = Resolve(responses[status.ToString(CultureInfo.InvariantCulture)]);
        return response?["content"]?["application/json"]?["schema"]?.AsObject();
    }

    /// <summary>The examples of the request body of an operation.</summary>
    public IEnumerable<(string Name, JsonNode Value)> RequestExamples(string path, string method) =>
        At("paths", path, method, "requestBody", "content", "application/json", "examples")!.AsObject().Select(example => (example.Key, example.Value!["value"]!));

    public JsonNode? At(params ReadOnlySpan<string> path)
    {
        JsonNode? node = Root;
        foreach (var name in path)
        {
            node = node?[name];
        }

        return node;
    }

    /// <summary>Follows a reference within the document.</summary>
    public JsonNode? Resolve(JsonNode? node)
    {
        while (node is JsonObject fields && fields["$ref"]?.GetValue<string>() is { } reference)
        {
            node = At(reference.TrimStart('#', '/').Split('/'));
        }

        return node;
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, Convert(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
        YamlScalarNode scalar => Convert(scalar),
        _ => throw new NotSupportedException($"YAML {node.NodeType}"),
    };

    /// <summary>Only a plain scalar can be anything but a string.</summary>
    private static JsonValue? Convert(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain)
        {
            return JsonValue.Create(text);
        }

        return text switch
        {
            "" or "null" or "~" => null,
            "true" => JsonValue.Create(true),
            "false" => JsonValue.Create(false),
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
            _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
            _ => JsonValue.Create(text),
        };
    }
}
