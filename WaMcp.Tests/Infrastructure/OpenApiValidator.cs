using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace WaMcp.Tests.Infrastructure;

/// <summary>
/// Checks JSON against the part of JSON Schema that API descriptions use. A keyword it does not know is an error of the test, so that
/// nothing is taken for checked that was not.
/// </summary>
public sealed class OpenApiValidator(OpenApiDocument document)
{
    private static readonly HashSet<string> WithoutEffect = new(StringComparer.Ordinal)
    {
        "description", "example", "examples", "title", "default", "format", "deprecated", "readOnly", "writeOnly",
    };

    /// <summary>What is wrong, each with its place; empty when the value fits.</summary>
    public IReadOnlyList<string> Validate(JsonElement value, JsonNode schema)
    {
        var errors = new List<string>();
        Check(value, schema, "$", errors);
        return errors;
    }

    private void Check(JsonElement value, JsonNode given, string path, List<string> errors)
    {
        var schema = document.Resolve(given) as JsonObject ?? throw new InvalidOperationException($"{path}: a schema that leads nowhere: {given.ToJsonString()}");
        if (schema["nullable"]?.GetValue<bool>() == true && value.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        var chosen = Discriminated(value, schema);
        foreach (var (keyword, rule) in schema)
        {
            switch (keyword)
            {
                case "oneOf" when chosen is not null:
                    Check(value, chosen, path, errors);
                    break;
                case "discriminator" when chosen is not null && schema["oneOf"] is null:
                    Check(value, chosen, path, errors);
                    break;
                case "discriminator" or "nullable":
                    break;
                default:
                    CheckKeyword(value, keyword, rule!, schema, path, errors);
                    break;
            }
        }
    }

    private void CheckKeyword(JsonElement value, string keyword, JsonNode rule, JsonObject schema, string path, List<string> errors)
    {
        switch (keyword)
        {
            case "type":
                Require(IsType(value, rule), $"{path} is {value.ValueKind}, not {rule.ToJsonString()}", errors);
                break;
            case "enum":
                Require(rule.AsArray().Any(allowed => Same(value, allowed)), $"{path} is {value}, not one of {rule.ToJsonString()}", errors);
                break;
            case "allOf":
                rule.AsArray().ToList().ForEach(part => Check(value, part!, path, errors));
                break;
            case "oneOf" or "anyOf":
                CheckAlternatives(value, keyword, rule.AsArray(), path, errors);
                break;
            case "not":
                Require(Validate(value, rule).Count > 0, $"{path} must not match {rule.ToJsonString()}", errors);
                break;
            case "properties" or "required" or "additionalProperties":
                CheckObject(value, keyword, rule, schema, path, errors);
                break;
            case "items" or "minItems" or "maxItems":
                CheckArray(value, keyword, rule, path, errors);
                break;
            case "minLength" or "maxLength" or "pattern":
                CheckText(value, keyword, rule, path, errors);
                break;
            case "minimum":
                Require(value.ValueKind != JsonValueKind.Number || value.GetDouble() >= rule.GetValue<double>(), $"{path} is below {rule}", errors);
                break;
            case "maximum":
                Require(value.ValueKind != JsonValueKind.Number || value.GetDouble() <= rule.GetValue<double>(), $"{path} is above {rule}", errors);
                break;
            default:
                if (!WithoutEffect.Contains(keyword))
                {
                    throw new NotSupportedException($"{path}: the validator does not know the keyword '{keyword}'.");
                }

                break;
        }
    }

    private void CheckAlternatives(JsonElement value, string keyword, JsonArray alternatives, string path, List<string> errors)
    {
        var results = alternatives.Select(alternative => Validate(value, alternative!)).ToList();
        var fitting = results.Count(result => result.Count == 0);
        if (fitting == 1 || (fitting > 1 && keyword == "anyOf"))
        {
            return;
        }

        errors.Add(fitting > 1
            ? $"{path} fits {fitting} alternatives of oneOf"
            : $"{path} fits no alternative; the nearest: {string.Join("; ", results.MinBy(result => result.Count)!)}");
    }

    private void CheckObject(JsonElement value, string keyword, JsonNode rule, JsonObject schema, string path, List<string> errors)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        switch (keyword)
        {
            case "required":
                foreach (var name in rule.AsArray().Select(name => name!.GetValue<string>()).Where(name => !value.TryGetProperty(name, out _)))
                {
                    errors.Add($"{path}.{name} is missing");
                }

                break;
            case "properties":
                foreach (var (name, property) in rule.AsObject())
                {
                    if (value.TryGetProperty(name, out var inner))
                    {
                        Check(inner, property!, $"{path}.{name}", errors);
                    }
                }

                break;
            default:
                CheckAdditional(value, rule, schema, path, errors);
                break;
        }
    }

    private void CheckAdditional(JsonElement value, JsonNode rule, JsonObject schema, string path, List<string> errors)
    {
        var known = schema["properties"]?.AsObject();
        foreach (var member in value.EnumerateObject().Where(member => known?.ContainsKey(member.Name) != true))
        {
            if (rule is JsonObject)
            {
                Check(member.Value, rule, $"{path}.{member.Name}", errors);
            }
            else
            {
                Require(rule.GetValue<bool>(), $"{path}.{member.Name} is not known", errors);
            }
        }
    }

    private void CheckArray(JsonElement value, string keyword, JsonNode rule, string path, List<string> errors)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            return;
        }

        switch (keyword)
        {
            case "minItems":
                Require(value.GetArrayLength() >= rule.GetValue<long>(), $"{path} has too few elements", errors);
                break;
            case "maxItems":
                Require(value.GetArrayLength() <= rule.GetValue<long>(), $"{path} has too many elements", errors);
                break;
            default:
                var index = 0;
                foreach (var item in value.EnumerateArray())
                {
                    Check(item, rule, $"{path}[{index++}]", errors);
                }

                break;
        }
    }

    private static void CheckText(JsonElement value, string keyword, JsonNode rule, string path, List<string> errors)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            return;
        }

        var text = value.GetString()!;
        var fits = keyword switch
        {
            "minLength" => text.Length >= rule.GetValue<long>(),
            "maxLength" => text.Length <= rule.GetValue<long>(),
            _ => Regex.IsMatch(text, rule.GetValue<string>()),
        };
        Require(fits, $"{path} breaks {keyword} {rule.ToJsonString()}", errors);
    }

    /// <summary>The schema a discriminator points to, when it knows the value.</summary>
    private static JsonObject? Discriminated(JsonElement value, JsonObject schema)
    {
        var discriminator = schema["discriminator"];
        if (discriminator?["propertyName"]?.GetValue<string>() is not { } name
            || value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty(name, out var kind)
            || kind.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        return discriminator["mapping"]?[kind.GetString()!]?.GetValue<string>() is { } reference ? new JsonObject { ["$ref"] = reference } : null;
    }

    private static bool IsType(JsonElement value, JsonNode type) =>
        type is JsonArray types ? types.Any(one => IsType(value, one!)) : type.GetValue<string>() switch
        {
            "object" => value.ValueKind == JsonValueKind.Object,
            "array" => value.ValueKind == JsonValueKind.Array,
            "string" => value.ValueKind == JsonValueKind.String,
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "number" => value.ValueKind == JsonValueKind.Number,
            "integer" => value.ValueKind == JsonValueKind.Number && value.GetDouble() % 1 == 0,
            "null" => value.ValueKind == JsonValueKind.Null,
            var other => throw new NotSupportedException($"type {other}"),
        };

    private static bool Same(JsonElement value, JsonNode? allowed) =>
        allowed is null ? value.ValueKind == JsonValueKind.Null : JsonNode.DeepEquals(JsonNode.Parse(value.GetRawText()), allowed);

    private static void Require(bool holds, string sentence, List<string> errors)
    {
        if (!holds)
        {
            errors.Add(sentence);
        }
    }
}
