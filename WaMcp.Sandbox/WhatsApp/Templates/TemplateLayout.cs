using System.Text.Json;
using System.Text.RegularExpressions;
using WaMcp.Sandbox.WhatsApp.Graph;

namespace WaMcp.Sandbox.WhatsApp.Templates;

/// <summary>What a template, or a card of a carousel, is made of.</summary>
internal sealed partial class TemplateLayout
{
    private const string AuthenticationBody = "{{1}} is your verification code.";

    public TemplateLayout(IEnumerable<JsonElement> components, string category, bool isNamed)
    {
        IsNamed = isNamed;
        foreach (var component in components)
        {
            Read(component, category);
        }
    }

    /// <summary>Whether parameters go by name.</summary>
    public bool IsNamed { get; }

    /// <summary>TEXT, IMAGE, VIDEO, DOCUMENT, LOCATION, PRODUCT or null.</summary>
    public string? HeaderFormat { get; private set; }

    public string HeaderText { get; private set; } = "";

    public string BodyText { get; private set; } = "";

    public string? FooterText { get; private set; }

    public IReadOnlyList<string> HeaderVariables { get; private set; } = [];

    public IReadOnlyList<string> BodyVariables { get; private set; } = [];

    public IReadOnlyList<TemplateButton> Buttons { get; private set; } = [];

    /// <summary>What a limited-time offer is called; null when it is none.</summary>
    public string? OfferText { get; private set; }

    /// <summary>A send must say when the offer ends.</summary>
    public bool OfferExpires { get; private set; }

    public IReadOnlyList<TemplateLayout> Cards { get; private set; } = [];

    /// <summary>
    /// Whether a send may have more cards than the template: only where they show products,
    /// https://developers.facebook.com/documentation/business-messaging/whatsapp/catalogs/product-card-carousel-template-messages.
    /// </summary>
    public bool ShowsProducts => Cards is [{ HeaderFormat: "PRODUCT" }, ..];

    /// <summary>The card at a place; all are made alike.</summary>
    public TemplateLayout Card(int index) => Cards[index < Cards.Count ? index : 0];

    /// <summary>The text with its variables replaced: by name where the parameters have names, otherwise in their order.</summary>
    public static string Fill(string text, IReadOnlyList<string> variables, IReadOnlyList<TemplateValue> values) =>
        Variable().Replace(text, match =>
        {
            var name = match.Groups[1].Value;
            var index = 0;
            while (index < variables.Count && variables[index] != name)
            {
                index++;
            }

            var value = values.FirstOrDefault(candidate => candidate.Name == name)
                ?? (index < values.Count && values[index].Name is null ? values[index] : null);
            return value?.Text ?? match.Value;
        });

    private static string[] Variables(string text) => [.. Variable().Matches(text).Select(match => match.Groups[1].Value).Distinct()];

    private void Read(JsonElement component, string category)
    {
        switch (component.FindText("type")?.ToUpperInvariant())
        {
            case "HEADER":
                HeaderFormat = component.FindText("format")?.ToUpperInvariant() ?? "TEXT";
                HeaderText = component.FindText("text") ?? "";
                HeaderVariables = Variables(HeaderText);
                break;
            case "BODY":
                BodyText = component.FindText("text") ?? (category == "AUTHENTICATION" ? AuthenticationBody : "");
                BodyVariables = Variables(BodyText);
                break;
            case "FOOTER":
                FooterText = component.FindText("text")
                    ?? (component.FindText("code_expiration_minutes") is { } minutes ? $"This code expires in {minutes} minutes." : null);
                break;
            case "BUTTONS":
                Buttons = [.. component.Items("buttons").Select(ReadButton)];
                break;
            case "LIMITED_TIME_OFFER":
                OfferText = component.Find("limited_time_offer")?.FindText("text") ?? "";
                OfferExpires = component.Find("limited_time_offer")?.Find("has_expiration")?.ValueKind == JsonValueKind.True;
                break;
            case "CAROUSEL":
                Cards = [.. component.Items("cards").Select(card => new TemplateLayout(card.Items("components"), category, IsNamed))];
                break;
            default:
                break; // What Meta adds: kept and listed, not interpreted.
        }
    }

    private static TemplateButton ReadButton(JsonElement button)
    {
        var type = button.FindText("type")?.ToUpperInvariant() ?? "QUICK_REPLY";
        var text = button.FindText("text") ?? (type is "OTP" or "COPY_CODE" ? "Copy code" : type);
        return new TemplateButton(type, text, button.FindText("url"), button.FindText("phone_number"));
    }

    [GeneratedRegex(@"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")]
    private static partial Regex Variable();
}
