using System.Globalization;
using System.Text.Json.Nodes;
using WaMcp.Tests.Auth;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Webhooks;

/// <summary>Random webhooks: valid ones by the schemas of Meta's contract, and such that are nearly valid.</summary>
/// <param name="document">The contract.</param>
/// <param name="dice">Chance.</param>
internal sealed class DocumentDice(OpenApiDocument document, Dice dice)
{
    private const string Reference = "#/components/schemas/";

    private static readonly string[] Wrong =
    [
        "null", "[]", "{}", "true", "0", "-1", "1e300", "\"\"", "\"0\"", "[[[[[[[[[[]]]]]]]]]]", "\"@half@\"", "\"a\\u0000b\"", "[null,null]", "{\"type\":\"text\"}",
        "99999999999999999999", "{\"@half@\":1}",
    ];

    /// <summary>A webhook that the schemas allow.</summary>
    public JsonNode Next()
    {
        var webhook = Of(document.Schema("WebhookPayload"), "", 0)!;
        return webhook;
    }

    /// <summary>One that they do not: somewhere in it is something else.</summary>
    public string NextSpoilt()
    {
        var webhook = Next();
        for (var times = 1 + dice.Below(4); times > 0; times--)
        {
            Spoil(webhook);
        }

        var text = webhook.ToJsonString().Replace("@half@", "\\ud800", StringComparison.Ordinal); // half a character, which nothing here can write
        return dice.OneIn(10) ? text[..dice.Below(text.Length)] : text;
    }

    private void Spoil(JsonNode webhook)
    {
        var places = new List<Action>();
        Collect(webhook, places);
        if (places.Count > 0)
        {
            places[dice.Below(places.Count)]();
        }
    }

    private void Collect(JsonNode? node, List<Action> places)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var (name, value) in fields.ToList())
                {
                    places.Add(() => fields.Remove(name));
                    places.Add(() => fields[name] = Trouble());
                    places.Add(() => fields["unheard_of"] = Trouble());
                    Collect(value, places);
                }

                break;
            case JsonArray items:
                places.Add(() => items.Add(Trouble()));
                items.ToList().ForEach(item => Collect(item, places));
                break;
        }
    }

    private JsonNode? Trouble() => dice.OneIn(3) ? JsonValue.Create(dice.Trouble()) : JsonNode.Parse(dice.Pick(Wrong));

    private JsonNode? Of(JsonNode schema, string name, int depth)
    {
        var fields = schema.AsObject();
        if (fields["$ref"]?.GetValue<string>() is { } reference)
        {
            return Of(document.Schema(reference[Reference.Length..]), name, depth);
        }

        if (fields["oneOf"] is JsonArray choices)
        {
            return Merged(Shell(fields, name, depth), Of(choices[dice.Below(choices.Count)]!, name, depth));
        }

        if (fields["allOf"] is JsonArray parts)
        {
            return parts.Aggregate((JsonNode?)new JsonObject(), (whole, part) => Merged(whole, Of(part!, name, depth)));
        }

        if (fields["enum"] is JsonArray words)
        {
            return words[dice.Below(words.Count)]!.DeepClone();
        }

        return fields["type"]?.GetValue<string>() switch
        {
            "array" => new JsonArray([.. Enumerable.Range(0, depth > 12 ? 0 : 1 + dice.Below(3)).Select(_ => Of(fields["items"]!, name, depth + 1))]),
            "string" => Words(name),
            "integer" => dice.Below(1_000_000),
            "number" => dice.Below(100_000) / 8.0,
            "boolean" => dice.OneIn(2),
            _ => Shell(fields, name, depth),
        };
    }

    private JsonObject Shell(JsonObject fields, string name, int depth)
    {
        var made = new JsonObject();
        var required = fields["required"]?.AsArray().Select(each => each!.GetValue<string>()).ToHashSet() ?? [];
        foreach (var (property, schema) in fields["properties"]?.AsObject() ?? [])
        {
            if (required.Contains(property) || !dice.OneIn(3))
            {
                made[property] = Of(schema!, property, depth + 1);
            }
        }

        // What the discriminator says is which of the alternatives it is.
        if (fields["discriminator"]?["propertyName"]?.GetValue<string>() is { } kind && fields["oneOf"] is null
            && fields["discriminator"]!["mapping"]?[made[kind]?.GetValue<string>() ?? ""]?.GetValue<string>() is { } mapped)
        {
            return (JsonObject)Merged(made, Of(document.Schema(mapped[Reference.Length..]), name, depth))!;
        }

        return made;
    }

    private static JsonNode? Merged(JsonNode? one, JsonNode? other)
    {
        if (one is not JsonObject whole || other is not JsonObject part)
        {
            return other ?? one;
        }

        foreach (var (name, value) in part.ToList())
        {
            part.Remove(name);
            whole[name] = value;
        }

        return whole;
    }

    private JsonNode Words(string name) => name switch
    {
        "phone_number_id" => dice.OneIn(8) ? "199999999999999" : ConsoleDriver.SupportNumber,
        "timestamp" => (1_780_000_000 + dice.Below(1_000_000)).ToString(CultureInfo.InvariantCulture),
        "from" or "wa_id" or "recipient_id" => $"1555000{dice.Below(40):0000}", // few, so that they meet
        "id" => dice.OneIn(6) ? $"wamid.{dice.Below(20)}" : $"wamid.{dice.Letters(24)}",
        _ => dice.OneIn(4) ? dice.Trouble() : dice.Letters(1 + dice.Below(30)),
    };
}
