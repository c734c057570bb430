using System.Text.Json;
using System.Text.Json.Nodes;

namespace WaMcp.Tests.Infrastructure;

/// <summary>Meta's OpenAPI document, with its slips corrected; null where this machine has none. It is not in the repository.</summary>
internal static class MetaContract
{
    private static readonly Lazy<OpenApiDocument?> Loaded = new(Corrected);

    public static OpenApiDocument? Document => Loaded.Value;

    /// <summary>What is wrong with the body of a <c>POST …/messages</c>; empty when it fits, or where there is no contract.</summary>
    public static IReadOnlyList<string> FaultsOfMessage(JsonElement body)
    {
        if (Document is not { } document)
        {
            return [];
        }

        var schema = body.ValueKind == JsonValueKind.Object && body.TryGetProperty("status", out _) ? document.Schema("ReadReceipt") : document.Schema("Message");
        return new OpenApiValidator(document).Validate(body, schema);
    }

    /// <summary>
    /// The document was put together from several, and schemas of the same name ran into each other: what a customer sends points to
    /// what a business sends. Meta's own examples show what is meant.
    /// </summary>
    private static OpenApiDocument? Corrected()
    {
        if (OpenApiDocument.FindMeta() is not { } document)
        {
            return null;
        }

        var incoming = document.Schema("IncomingMessage");
        string[] suffixed = ["ReactionMessage", "AudioMessage", "DocumentMessage", "ImageMessage", "StickerMessage", "VideoMessage", "LocationMessage"];
        Redirect(incoming, "TextMessage", "TextMessage_2");
        foreach (var name in suffixed)
        {
            Redirect(incoming, name, $"{name}_1");
        }

        Redirect(document.Schema("ContactSharingMessage"), "ContactObject", "ContactObject_1");
        Redirect(document.Schema("UnsupportedMessage"), "ErrorObject", "ErrorObject_2");
        foreach (var schema in document.At("components", "schemas")!.AsObject().Where(schema => IsInbound(schema.Key)))
        {
            Redirect(schema.Value!, "BaseMessageProperties", "BaseMessageProperties_1");
        }

        CorrectOutgoing(document);

        // Only an answer to a product has a product in its context, and an ordinary answer has none.
        document.Schema("ContextObject")["required"] = new JsonArray("from", "id");
        Redirect(document.Root, "", ""); // goes everywhere once: what was parsed lazily is not read side by side for the first time
        return document;
    }

    private static bool IsInbound(string schema) =>
        schema is "TextMessage_2" or "ContactSharingMessage" or "UnsupportedMessage" or "ButtonMessage" or "InteractiveMessageReply" or "OrderMessage" or "SystemMessage"
        || (schema.EndsWith("Message_1", StringComparison.Ordinal) && schema != "TextMessage_1");

    private static void Redirect(JsonNode node, string from, string to)
    {
        const string Schemas = "#/components/schemas/";
        switch (node)
        {
            case JsonObject fields:
                foreach (var (name, value) in fields.ToList())
                {
                    if (value is JsonValue text && text.TryGetValue<string>(out var reference) && reference == Schemas + from)
                    {
                        fields[name] = Schemas + to;
                    }
                    else if (value is not null)
                    {
                        Redirect(value, from, to);
                    }
                }

                break;
            case JsonArray items:
                items.Where(item => item is not null).ToList().ForEach(item => Redirect(item!, from, to));
                break;
            default:
                break;
        }
    }

    /// <summary>
    /// What a business sends, as Meta's examples and guides have it and the document has not: ids of persons and of ours, newer buttons, lists
    /// with longer texts, read receipts. Nothing else becomes possible by it.
    /// </summary>
    private static void CorrectOutgoing(OpenApiDocument document)
    {
        var schemas = document.At("components", "schemas")!.AsObject();
        var shared = document.Schema("BaseMessageProperties");
        shared["required"] = new JsonArray("messaging_product", "recipient_type", "type");
        shared["oneOf"] = JsonNode.Parse("""[{"required":["to"]},{"required":["recipient"]}]"""); // a person's id since July 2026
        shared["properties"]!["recipient"] = JsonNode.Parse("""{"type":"string","pattern":"^[A-Z]{2}[.](ENT[.])?[A-Za-z0-9]{1,128}$"}""");
        shared["properties"]!["biz_opaque_callback_data"] = JsonNode.Parse("""{"type":"string","maxLength":512}""");
        foreach (var type in document.Schema("Message")["discriminator"]!["mapping"]!.AsObject())
        {
            // "No other members" was meant of the whole message, not of each of the parts that it is written down in.
            var own = document.Schema(type.Value!.GetValue<string>().Split('/')[^1])["allOf"]![1]!.AsObject();
            own["additionalProperties"] = false;
            foreach (var (name, schema) in shared["properties"]!.AsObject().Where(property => !own["properties"]!.AsObject().ContainsKey(property.Key)))
            {
                own["properties"]![name] = schema!.DeepClone();
            }
        }

        schemas["ReadReceipt"] = JsonNode.Parse(
            """
            {"type":"object","additionalProperties":false,"required":["messaging_product","status","message_id"],"properties":{
                "messaging_product":{"type":"string","enum":["whatsapp"]},"status":{"type":"string","enum":["read"]},"message_id":{"type":"string"},
                "typing_indicator":{"type":"object","additionalProperties":false,"required":["type"],"properties":{"type":{"type":"string","enum":["text"]}}}}}
            """);
        CorrectInteractive(document);
        CorrectTemplates(document, schemas);
    }

    private static void CorrectInteractive(OpenApiDocument document)
    {
        var types = document.Schema("InteractiveObject")["properties"]!["type"]!["enum"]!.AsArray();
        types.Add("cta_url");
        types.Add("request_contact_info");
        document.Schema("BodyObject")["properties"]!["text"]!["maxLength"] = 4096L; // of lists; 1,024 of others
        var actions = document.Schema("ActionObject")["oneOf"]!.AsArray();
        actions.Add(JsonNode.Parse(
            """
            {"required":["name","parameters"],"properties":{"name":{"type":"string","enum":["cta_url"]},"parameters":{"type":"object","required":["display_text","url"],
                "properties":{"display_text":{"type":"string","maxLength":20},"url":{"type":"string"}}}}}
            """));
        actions.Add(JsonNode.Parse("""{"required":["name"],"properties":{"name":{"type":"string","enum":["request_contact_info"]}}}"""));
    }

    private static void CorrectTemplates(OpenApiDocument document, JsonObject schemas)
    {
        foreach (var component in new[] { document.Schema("TemplateComponent"), document.Schema("ButtonComponent")["allOf"]![1]!.AsObject() })
        {
            component["properties"]!["index"] = JsonNode.Parse("""{"type":"string","pattern":"^[0-9]$"}""");
            component["properties"]!["sub_type"] = JsonNode.Parse(
                """{"type":"string","enum":["quick_reply","url","copy_code","flow","catalog","mpm","order_details","voice_call"]}""");
        }

        AddParameter("ParameterObject", "location", """{"type":"object","required":["latitude","longitude"]}""");
        AddParameter("ParameterObject", "product",
            """{"type":"object","additionalProperties":false,"required":["product_retailer_id","catalog_id"],"properties":{"product_retailer_id":{"type":"string"},"catalog_id":{"type":"string"}}}""");
        AddParameter("ParameterObject", "limited_time_offer",
            """{"type":"object","additionalProperties":false,"required":["expiration_time_ms"],"properties":{"expiration_time_ms":{"type":"integer"}}}""");
        AddParameter("ButtonParameterObject", "coupon_code", """{"type":"string","maxLength":15}""");
        AddParameter("ButtonParameterObject", "action", """{"type":"object"}""");
        AddParameter("ButtonParameterObject", "ttl_minutes", """{"type":"integer","minimum":1,"maximum":43200}""");
        AddComponent("limited_time_offer",
            """{"type":"object","required":["parameters"],"properties":{"parameters":{"type":"array","minItems":1,"maxItems":1,"items":{"$ref":"#/components/schemas/ParameterObject_limited_time_offer"}}}}""");
        AddComponent("carousel",
            """
            {"type":"object","required":["cards"],"properties":{"cards":{"type":"array","minItems":2,"maxItems":10,"items":{"type":"object","additionalProperties":false,
                "required":["card_index","components"],"properties":{"card_index":{"type":"integer","minimum":0,"maximum":9},
                "components":{"type":"array","items":{"$ref":"#/components/schemas/AnyTemplateComponent"}}}}}}}
            """);

        // A discriminator within the parent leads from the child back to the child: it belongs where one of the children is meant.
        foreach (var parent in new[] { "TemplateComponent", "ParameterObject", "ButtonParameterObject" })
        {
            var schema = document.Schema(parent);
            var choice = schema["discriminator"]!.DeepClone();
            schema.Remove("discriminator");
            var any = new JsonObject
            {
                ["oneOf"] = new JsonArray([.. choice["mapping"]!.AsObject().Select(child => new JsonObject { ["$ref"] = child.Value!.GetValue<string>() })]),
                ["discriminator"] = choice,
            };
            schemas[$"Any{parent}"] = any;
        }

        document.Schema("TemplateObject")["properties"]!["components"]!["items"]!["$ref"] = "#/components/schemas/AnyTemplateComponent";
        foreach (var (component, parameter) in new[]
        {
            ("HeaderComponent", "AnyParameterObject"), ("BodyComponent", "AnyParameterObject"), ("ButtonComponent", "AnyButtonParameterObject"),
        })
        {
            document.Schema(component)["allOf"]![1]!["properties"]!["parameters"]!["items"]!["$ref"] = $"#/components/schemas/{parameter}";
        }

        void AddParameter(string parent, string type, string value) => AddChild(parent, type, Parameter(parent, type, value));

        void AddComponent(string type, string schema) => AddChild("TemplateComponent", type, new JsonObject
        {
            ["allOf"] = new JsonArray(new JsonObject { ["$ref"] = "#/components/schemas/TemplateComponent" }, JsonNode.Parse(schema)),
        });

        void AddChild(string parent, string type, JsonObject schema)
        {
            document.Schema(parent)["properties"]!["type"]!["enum"]!.AsArray().Add(type);
            document.Schema(parent)["discriminator"]!["mapping"]![type] = $"#/components/schemas/{parent}_{type}";
            schemas[$"{parent}_{type}"] = schema;
        }
    }

    private static JsonObject Parameter(string parent, string type, string value) => new()
    {
        ["allOf"] = new JsonArray(
            new JsonObject { ["$ref"] = $"#/components/schemas/{parent}" },
            new JsonObject
            {
                ["type"] = "object",
                ["required"] = new JsonArray(type),
                ["properties"] = new JsonObject { [type] = JsonNode.Parse(value) },
            }),
    };
}
