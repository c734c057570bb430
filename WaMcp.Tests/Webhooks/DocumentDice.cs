using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using WaMcp.Tests.Auth;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Webhooks;

/// <summary>Random webhooks: valid ones, by the schemas of Meta's contract and of the kinds that the tests know, and such that are nearly valid.</summary>
/// <param name="contract">The contract; null where it is not.</param>
/// <param name="dice">Chance.</param>
internal sealed class DocumentDice(OpenApiDocument? contract, Dice dice)
{
    private const string Reference = "#/components/schemas/";

    private static readonly string[] Wrong =
    [
        "null", "[]", "{}", "true", "0", "-1", "1e300", "\"\"", "\"0\"", "[[[[[[[[[[]]]]]]]]]]", "\"@half@\"", "\"a\\u0000b\"", "[null,null]", "{\"type\":\"text\"}",
        "99999999999999999999", "{\"@half@\":1}",
    ];

    private static readonly string[] Others =
    [
        """{"field":"messages","value":{"statuses":[{"id":"wamid.1","status":"delivered","recipient_id":"15550000001","pricing":{"category":"service","billable":true}}]}}""",
        """{"field":"messages","value":{"statuses":[{"id":"wamid.2","status":"failed","errors":[{"code":131026,"title":"Message undeliverable"}]}]}}""",
        """{"field":"messages","value":{"errors":[{"code":131000,"title":"Something went wrong","error_data":{"details":"none"}}]}}""",
        """{"field":"messages","value":{"messages":[{"id":"wamid.3","type":"edit","edit":{"original_message_id":"wamid.4","message":{"type":"text","text":{"body":"edited"}}}}]}}""",
        """{"field":"messages","value":{"messages":[{"id":"wamid.5","type":"revoke","revoke":{"original_message_id":"wamid.4"}}]}}""",
        """{"field":"user_preferences","value":{"user_preferences":[{"wa_id":"15550000001","category":"marketing_messages","value":"stop"}]}}""",
        """{"field":"user_id_update","value":{"user_id_update":[{"wa_id":"15550000001","user_id":{"previous":"US.1","current":"US.2"}}]}}""",
        """{"field":"message_template_status_update","value":{"event":"PAUSED","message_template_name":"sale","message_template_language":"en_US"}}""",
        """{"field":"phone_number_quality_update","value":{"display_phone_number":"15550100001","event":"UPGRADE","current_limit":"TIER_UNLIMITED"}}""",
        """{"field":"account_update","value":{"event":"VERIFIED_ACCOUNT"}}""",
        """{"field":"hologram_update","value":{"beam":[1,2]}}""",
    ];

    private OpenApiDocument Schemas => contract ?? throw new InvalidOperationException("There is no contract.");

    /// <summary>A valid webhook.</summary>
    public JsonNode Next() => contract is not null && dice.OneIn(2) ? Of(contract.Schema("WebhookPayload"), "", 0)! : Composed();

    private JsonObject Composed()
    {
        var changes = Enumerable.Range(0, 1 + dice.Below(4)).Select(_ => Change()).ToArray();
        return new JsonObject
        {
            ["object"] = "whatsapp_business_account",
            ["entry"] = new JsonArray(new JsonObject { ["id"] = WebhookDriver.Account, ["time"] = 1_780_000_000 + dice.Below(1_000_000), ["changes"] = new JsonArray(changes) }),
        };
    }

    private JsonNode Change()
    {
        JsonNode change;
        if (dice.OneIn(3))
        {
            change = JsonNode.Parse(dice.Pick(Others))!;
        }
        else
        {
            var kinds = MessageKindsTests.Kinds.Select(row => (string)row[0]).ToArray();
            var messages = Enumerable.Range(0, 1 + dice.Below(3)).Select(_ => JsonNode.Parse(dice.Pick(kinds))).ToArray();
            change = new JsonObject { ["field"] = "messages", ["value"] = new JsonObject { ["messages"] = new JsonArray(messages) } };
        }

        if (change["field"]!.GetValue<string>() is "messages" or "user_preferences" or "user_id_update")
        {
            change["value"]!["metadata"] = new JsonObject { ["phone_number_id"] = Words("phone_number_id") };
            foreach (var item in change["value"]!.AsObject().Where(list => list.Value is JsonArray).SelectMany(list => list.Value!.AsArray()).OfType<JsonObject>().ToList())
            {
                item["timestamp"] = Words("timestamp");
                item["id"] = Words("id");
                item["from"] = Words("from");
            }
        }

        return change;
    }

    /// <summary>One that they do not: somewhere in it is something else.</summary>
    public byte[] NextSpoilt()
    {
        var webhook = Next();
        for (var times = 1 + dice.Below(4); times > 0; times--)
        {
            Spoil(webhook);
        }

        var text = webhook.ToJsonString().Replace("@half@", "\\ud800", StringComparison.Ordinal); // half a character, which nothing here can write
        var bytes = Encoding.UTF8.GetBytes(dice.OneIn(10) ? text[..dice.Below(text.Length)] : text);
        for (var times = dice.OneIn(3) ? 1 + dice.Below(5) : 0; times > 0 && bytes.Length > 0; times--)
        {
            bytes[dice.Below(bytes.Length)] = (byte)dice.Below(256); // also what is no text at all
        }

        return bytes;
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
            return Of(Schemas.Schema(reference[Reference.Length..]), name, depth);
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
            return (JsonObject)Merged(made, Of(Schemas.Schema(mapped[Reference.Length..]), name, depth))!;
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
