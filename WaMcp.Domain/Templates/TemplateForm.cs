using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace WaMcp.Domain.Templates;

/// <summary>What a template, or a card of one, has to be filled with: a card is a small template of its own.</summary>
/// <param name="HeaderFormat">TEXT, IMAGE, VIDEO, DOCUMENT, LOCATION, PRODUCT; null without a header.</param>
/// <param name="HeaderText">What a TEXT header says.</param>
/// <param name="BodyText">What it says.</param>
/// <param name="FooterText">What stands below.</param>
/// <param name="Buttons">Its buttons, in order.</param>
public sealed partial record TemplateForm(
    string? HeaderFormat, string HeaderText, string BodyText, string? FooterText, IReadOnlyList<TemplateButton> Buttons)
{
    // Meta writes the body of a code by itself (https://developers.facebook.com/docs/whatsapp/business-management-api/authentication-templates).
    private const string AuthenticationBody = "{{1}} is your verification code.";
    private const string Product = "PRODUCT";

    /// <summary>What it calls a limited-time offer; null when it is none.</summary>
    public string? OfferText { get; private init; }

    /// <summary>Whether a message must say when the offer ends.</summary>
    public bool OfferExpires { get; private init; }

    /// <summary>The cards of a carousel, in order.</summary>
    public IReadOnlyList<TemplateForm> Cards { get; private init; } = [];

    /// <summary>What of it cannot be filled here, a component or a kind of button; null when all of it can.</summary>
    public string? Unfillable { get; private init; }

    /// <summary>What a message must bring for the header: text, image, video, document, location or product; null when nothing.</summary>
    public string? NeededHeader => HeaderFormat == "TEXT" && HeaderGaps.Count == 0 ? null : HeaderFormat?.ToLowerInvariant();

    /// <summary>The gaps of the header, by name or number.</summary>
    public IReadOnlyList<string> HeaderGaps => HeaderFormat == "TEXT" ? Gaps(HeaderText) : [];

    /// <summary>The gaps of the body, by name or number.</summary>
    public IReadOnlyList<string> BodyGaps => Gaps(BodyText);

    /// <summary>How few cards a message may have.</summary>
    public int FewestCards => ShowsProducts ? Math.Min(2, Cards.Count) : Cards.Count;

    /// <summary>How many cards a message may have: a carousel of products can be longer than its template, one of pictures cannot.</summary>
    public int MostCards => ShowsProducts ? 10 : Cards.Count;

    // https://developers.facebook.com/documentation/business-messaging/whatsapp/catalogs/product-card-carousel-template-messages
    private bool ShowsProducts => Cards is [{ HeaderFormat: Product }, ..];

    /// <summary>Reads a template.</summary>
    public static TemplateForm Of(MessageTemplate template)
    {
        using var components = JsonDocument.Parse(template.Components);
        return Read(components.RootElement.EnumerateArray(), template.Category == "AUTHENTICATION" ? AuthenticationBody : "");
    }

    /// <summary>The card at a place; all are made alike, so that those beyond the template's own are like the first.</summary>
    public TemplateForm Card(int index) => Cards[index < Cards.Count ? index : 0];

    /// <summary>A text with its gaps filled; what is not given stays as it is.</summary>
    public static string Fill(string text, IReadOnlyDictionary<string, string> values) =>
        Gap().Replace(text, gap => values.GetValueOrDefault(gap.Groups[1].Value, gap.Value));

    private static TemplateForm Read(IEnumerable<JsonElement> components, string body)
    {
        var form = new TemplateForm(null, "", body, null, []);
        foreach (var component in components.Where(component => component.ValueKind == JsonValueKind.Object))
        {
            form = form.With(component);
        }

        return form with
        {
            Unfillable = form.Unfillable
                ?? form.Buttons.FirstOrDefault(button => !button.IsKnown)?.Type
                ?? form.Cards.Select(card => card.Unfillable).FirstOrDefault(part => part is not null),
        };
    }

    private TemplateForm With(JsonElement component) => Text(component, "type")?.ToUpperInvariant() switch
    {
        "HEADER" => WithHeader(Text(component, "format")?.ToUpperInvariant() ?? "TEXT", Text(component, "text") ?? ""),
        "BODY" => this with { BodyText = Text(component, "text") ?? BodyText },
        "FOOTER" => this with { FooterText = Text(component, "text") },
        "BUTTONS" => this with { Buttons = [.. Items(component, "buttons").Select(ReadButton)] },
        "LIMITED_TIME_OFFER" => WithOffer(Member(component, "limited_time_offer") ?? default),
        "CAROUSEL" => WithCards(Items(component, "cards")),
        "CALL_PERMISSION_REQUEST" => this, // the question is Meta's own; a message brings nothing for it
        var other => this with { Unfillable = other ?? "?" },
    };

    private TemplateForm WithHeader(string format, string text) => this with
    {
        HeaderFormat = format,
        HeaderText = text,
        Unfillable = format is "TEXT" or "IMAGE" or "VIDEO" or "DOCUMENT" or "LOCATION" or Product ? Unfillable : format,
    };

    private TemplateForm WithOffer(JsonElement offer) => this with
    {
        OfferText = Text(offer, "text") ?? "",
        OfferExpires = Member(offer, "has_expiration")?.ValueKind == JsonValueKind.True,
    };

    private TemplateForm WithCards(JsonElement[] cards) => cards.Length == 0
        ? this with { Unfillable = "CAROUSEL" }
        : this with { Cards = [.. cards.Select(card => Read(Items(card, "components"), ""))] };

    // Values of numbered gaps come by their numbers, wherever in the text these stand.
    private static List<string> Gaps(string text)
    {
        var gaps = Gap().Matches(text).Select(gap => gap.Groups[1].Value).Distinct().ToList();
        return gaps.TrueForAll(gap => int.TryParse(gap, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? [.. gaps.OrderBy(gap => int.Parse(gap, CultureInfo.InvariantCulture))]
            : gaps;
    }

    private static TemplateButton ReadButton(JsonElement button) =>
        new(Text(button, "type")?.ToUpperInvariant() ?? "QUICK_REPLY", Text(button, "text") ?? "", Text(button, "url"));

    private static JsonElement[] Items(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.Array } items ? [.. items.EnumerateArray()] : [];

    private static string? Text(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : null;

    [GeneratedRegex(@"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")]
    private static partial Regex Gap();
}
