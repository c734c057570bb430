using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Graph;
using WaMcp.Sandbox.WhatsApp.Templates;

namespace WaMcp.Sandbox.WhatsApp.Messages;

/// <summary>
/// A template message names an approved template in one of its languages and brings exactly the parameters it asks for; so does each card of a
/// carousel, which is a small template of its own.
/// </summary>
internal sealed class TemplateRules(MediaRules media)
{
    private const int MaxHydratedBody = 1024;
    private const int MaxHydratedBodyOfCard = 160;
    private const int MostCards = 10;

    private static readonly HashSet<string> Types = new(StringComparer.OrdinalIgnoreCase)
    {
        "header", "body", "footer", "button", "limited_time_offer", "carousel", "call_permission_request", "order_status", "tap_target_configuration",
    };

    public Template Check(JsonElement message, BusinessNumber number)
    {
        var template = message.Object("template", "template");
        var name = template.Text("name", "template.name", 512);
        var language = template.Object("language", "template.language").Text("code", "template.language.code", 20);
        var known = Usable(number.Account.Templates, name, language);
        var components = template.Items("components");
        CheckPart(known.Layout, components, number.Id, MaxHydratedBody);
        CheckOffer(known.Layout, Parameters(components, "limited_time_offer"));
        CheckCards(known.Layout, components, number.Id);
        return known;
    }

    /// <summary>What the placeholders of a component become.</summary>
    public static IReadOnlyList<TemplateValue> Values(IEnumerable<JsonElement> components, string component) =>
        [.. Parameters(components, component).Select(Value)];

    /// <summary>The cards of a carousel, in the order in which they are shown.</summary>
    public static IReadOnlyList<JsonElement> Cards(IEnumerable<JsonElement> components) =>
    [
        .. components.Where(component => IsType(component, "carousel")).SelectMany(component => component.Items("cards"))
            .OrderBy(card => int.TryParse(card.FindText("card_index"), out var index) ? index : int.MaxValue),
    ];

    private static Template Usable(TemplateBook templates, string name, string language)
    {
        var known = templates.Find(name, language);
        if (known is null || known.Status is "PENDING" or "REJECTED")
        {
            throw new GraphFault(132001, $"template name ({name}) does not exist in {language}");
        }

        return known.Status switch
        {
            "PAUSED" => throw new GraphFault(132015),
            "DISABLED" => throw new GraphFault(132016),
            _ => known,
        };
    }

    private void CheckPart(TemplateLayout layout, JsonElement[] components, string phoneNumberId, int maxBody)
    {
        foreach (var type in components.Select(component => component.FindText("type") ?? "").Where(type => !Types.Contains(type)))
        {
            throw GraphFault.BadParameter($"components: type '{type}' is none of {string.Join(", ", Types)}.");
        }

        CheckHeader(layout, Parameters(components, "header"), phoneNumberId);
        CheckBody(layout, Parameters(components, "body"), maxBody);
        TemplateButtonRules.Check(layout, [.. components.Where(component => IsType(component, "button"))]);
    }

    private void CheckHeader(TemplateLayout layout, IReadOnlyList<JsonElement> parameters, string phoneNumberId)
    {
        switch (layout.HeaderFormat)
        {
            case null or "TEXT":
                CheckCount("header", parameters.Count, layout.HeaderVariables.Count);
                CheckTexts(layout, "header", parameters, layout.HeaderVariables);
                break;
            case "LOCATION":
                CheckFormat(parameters, "location");
                break;
            case "PRODUCT":
                CheckFormat(parameters, "product");
                var product = parameters[0].Object("product", "product");
                product.Text("product_retailer_id", "product.product_retailer_id", 200);
                product.Text("catalog_id", "product.catalog_id", 200);
                break;
            default:
                var kind = layout.HeaderFormat.ToLowerInvariant();
                CheckFormat(parameters, kind);
                media.Check(parameters[0], kind, phoneNumberId);
                break;
        }
    }

    private static void CheckBody(TemplateLayout layout, IReadOnlyList<JsonElement> parameters, int most)
    {
        CheckCount("body", parameters.Count, layout.BodyVariables.Count);
        CheckTexts(layout, "body", parameters, layout.BodyVariables);
        var text = TemplateLayout.Fill(layout.BodyText, layout.BodyVariables, [.. parameters.Select(Value)]);
        if (!JsonRead.Fits(text, most))
        {
            throw new GraphFault(132005, $"The body is longer than {most} characters once its parameters are filled in.");
        }
    }

    private static void CheckOffer(TemplateLayout layout, IReadOnlyList<JsonElement> parameters)
    {
        CheckCount("limited_time_offer", parameters.Count, layout.OfferExpires ? 1 : 0);
        foreach (var parameter in parameters)
        {
            var end = parameter.Object("limited_time_offer", "limited_time_offer").Find("expiration_time_ms")
                ?? throw GraphFault.Missing("Parameter 'limited_time_offer.expiration_time_ms' is mandatory.");
            if (end.ValueKind != JsonValueKind.Number || !end.TryGetInt64(out _))
            {
                throw GraphFault.Invalid("'limited_time_offer.expiration_time_ms' must be a UNIX timestamp in milliseconds.");
            }
        }
    }

    private void CheckCards(TemplateLayout layout, JsonElement[] components, string phoneNumberId)
    {
        var cards = Cards(components);
        var fits = layout.ShowsProducts ? cards.Count is >= 2 and <= MostCards : cards.Count == layout.Cards.Count;
        if (!fits)
        {
            throw new GraphFault(132012, $"carousel: number of cards ({cards.Count}) does not match the template ({layout.Cards.Count})");
        }

        for (var index = 0; index < cards.Count; index++)
        {
            if (cards[index].FindText("card_index") != $"{index}")
            {
                throw GraphFault.Invalid("carousel: card_index must count the cards from 0.");
            }

            CheckPart(layout.Card(index), cards[index].Items("components"), phoneNumberId, MaxHydratedBodyOfCard);
        }
    }

    private static void CheckCount(string component, int given, int expected)
    {
        if (given != expected)
        {
            throw new GraphFault(
                132000,
                $"{component}: number of localizable_params ({given}) does not match the expected number of params ({expected})");
        }
    }

    private static void CheckTexts(TemplateLayout layout, string component, IReadOnlyList<JsonElement> parameters, IReadOnlyList<string> names)
    {
        for (var index = 0; index < parameters.Count; index++)
        {
            var type = parameters[index].FindText("type");
            if (type is not ("text" or "currency" or "date_time"))
            {
                throw Mismatch(component, "TEXT", type);
            }

            if (string.IsNullOrEmpty(Text(parameters[index])))
            {
                throw GraphFault.BadParameter($"Parameter '{type}' is mandatory for component parameter type '{type}'");
            }

            var name = parameters[index].FindText("parameter_name") ?? "";
            if (layout.IsNamed && !names.Contains(name, StringComparer.Ordinal))
            {
                throw GraphFault.BadParameter($"{component}: Parameter name is missing or is not one of {string.Join(", ", names)}");
            }
        }
    }

    private static void CheckFormat(IReadOnlyList<JsonElement> parameters, string expected)
    {
        var received = parameters.Count == 1 ? parameters[0].FindText("type") : null;
        if (received != expected)
        {
            throw Mismatch("header", expected.ToUpperInvariant(), received);
        }
    }

    private static GraphFault Mismatch(string component, string expected, string? received) =>
        new(132012, $"{component}: Format mismatch, expected {expected}, received {received?.ToUpperInvariant() ?? "UNKNOWN"}");

    private static IReadOnlyList<JsonElement> Parameters(IEnumerable<JsonElement> components, string type) =>
        [.. components.Where(component => IsType(component, type)).SelectMany(component => component.Items("parameters"))];

    private static bool IsType(JsonElement component, string type) =>
        string.Equals(component.FindText("type"), type, StringComparison.OrdinalIgnoreCase);

    private static TemplateValue Value(JsonElement parameter) => new(parameter.FindText("parameter_name"), Text(parameter));

    private static string Text(JsonElement parameter) =>
        parameter.FindText("text")
        ?? parameter.Find("currency")?.FindText("fallback_value")
        ?? parameter.Find("date_time")?.FindText("fallback_value")
        ?? "";
}
