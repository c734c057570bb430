using System.Globalization;
using System.Text.Json.Nodes;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>Writes the <c>template</c> member (https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates).</summary>
internal static class WhatsAppTemplateDocument
{
    public static JsonObject Of(TemplateContent template, IReadOnlyDictionary<MediaObjectId, string> media)
    {
        var document = new JsonObject
        {
            ["name"] = template.Name,
            ["language"] = new JsonObject { ["policy"] = "deterministic", ["code"] = template.Language },
        };
        var components = Write(template.Components, media);
        if (template.Cards is { Count: > 0 } cards)
        {
            components.Add((JsonNode)new JsonObject
            {
                ["type"] = "carousel",
                ["cards"] = new JsonArray([.. cards.Select((card, index) => (JsonNode)new JsonObject
                {
                    ["card_index"] = index,
                    ["components"] = Write(card.Components, media),
                })]),
            });
        }

        if (components.Count > 0)
        {
            document["components"] = components;
        }

        return document;
    }

    private static JsonArray Write(IReadOnlyList<TemplateComponent> components, IReadOnlyDictionary<MediaObjectId, string> media) =>
        new([.. components.Select(component => (JsonNode)Write(component, media))]);

    private static JsonObject Write(TemplateComponent component, IReadOnlyDictionary<MediaObjectId, string> media)
    {
        var document = new JsonObject
        {
            ["type"] = component.Part switch
            {
                TemplatePart.Header => "header",
                TemplatePart.Body => "body",
                TemplatePart.Offer => "limited_time_offer",
                _ => "button",
            },
        };
        WhatsAppDocument.Add(document, "sub_type", component.Button);
        WhatsAppDocument.Add(document, "index", component.Index?.ToString(CultureInfo.InvariantCulture));
        document["parameters"] = new JsonArray([.. component.Parameters.Select(parameter => (JsonNode)Write(parameter, media))]);
        return document;
    }

    private static JsonObject Write(TemplateParameter parameter, IReadOnlyDictionary<MediaObjectId, string> media)
    {
        switch (parameter)
        {
            case TemplateParameter.Text text:
                var words = new JsonObject { ["type"] = "text", ["text"] = text.Value };
                WhatsAppDocument.Add(words, "parameter_name", text.Name);
                return words;
            case TemplateParameter.Currency money:
                return Typed("currency", new JsonObject
                {
                    ["fallback_value"] = money.Fallback,
                    ["code"] = money.Code,
                    ["amount_1000"] = money.Thousandths,
                });
            case TemplateParameter.Moment moment:
                return Typed("date_time", new JsonObject { ["fallback_value"] = moment.Fallback });
            case TemplateParameter.File file:
                return Typed(MediaContent.Word(file.MediaKind), WhatsAppDocument.File(media[file.Object], fileName: file.FileName));
            case TemplateParameter.Place place:
                return Typed("location", WhatsAppDocument.Location(place.Where));
            case TemplateParameter.Product product:
                return Typed("product", new JsonObject { ["product_retailer_id"] = product.RetailerId, ["catalog_id"] = product.CatalogId });
            case TemplateParameter.Expiry expiry:
                return Typed("limited_time_offer", new JsonObject { ["expiration_time_ms"] = expiry.At.ToUnixTimeMilliseconds() });
            case TemplateParameter.Lifetime lifetime:
                return Typed("ttl_minutes", lifetime.Minutes);
            case TemplateParameter.Payload payload:
                return Typed("payload", payload.Value);
            case TemplateParameter.Coupon coupon:
                return Typed("coupon_code", coupon.Code);
            case TemplateParameter.Action action:
                return Typed("action", action.Document.DeepClone());
            default:
                throw new NotSupportedException($"WhatsApp knows no {parameter.GetType().Name}.");
        }
    }

    private static JsonObject Typed(string type, JsonNode value) => new() { ["type"] = type, [type] = value };
}
