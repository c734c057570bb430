using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace WaMcp.Domain.Templates;

/// <summary>What a template has to be filled with.</summary>
/// <param name="HeaderFormat">TEXT, IMAGE, VIDEO, DOCUMENT, LOCATION; null without a header.</param>
/// <param name="HeaderText">What a TEXT header says.</param>
/// <param name="BodyText">What it says.</param>
/// <param name="FooterText">What stands below.</param>
/// <param name="Buttons">Its buttons, in order.</param>
public sealed partial record TemplateForm(
    string? HeaderFormat, string HeaderText, string BodyText, string? FooterText, IReadOnlyList<TemplateForm.Button> Buttons)
{
    // Meta writes the body of a code by itself (https://developers.facebook.com/docs/whatsapp/business-management-api/authentication-templates).
    private const string AuthenticationBody = "{{1}} is your verification code.";

    /// <summary>A button of a template.</summary>
    /// <param name="Type">QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, OTP, FLOW, CATALOG, or what the provider has added since.</param>
    /// <param name="Text">What it says.</param>
    /// <param name="Url">Where it leads; with a gap at its end, a message brings the ending.</param>
    public sealed record Button(string Type, string Text, string? Url)
    {
        /// <summary>Whether a message must bring something for it.</summary>
        public bool NeedsValue => Type is "OTP" or "COPY_CODE" || (Type == "URL" && Url?.Contains("{{", StringComparison.Ordinal) == true);

        /// <summary>Whether it is known what a message must bring for it.</summary>
        public bool IsKnown => Type is "QUICK_REPLY" or "URL" or "PHONE_NUMBER" or "COPY_CODE" or "OTP" or "FLOW" or "CATALOG" or "VOICE_CALL";
    }

    /// <summary>What of it cannot be filled here, a component or a kind of button; null when all of it can.</summary>
    public string? Unfillable { get; private init; }

    /// <summary>The gaps of the header, by name or number.</summary>
    public IReadOnlyList<string> HeaderGaps => HeaderFormat == "TEXT" ? Gaps(HeaderText) : [];

    /// <summary>The gaps of the body, by name or number.</summary>
    public IReadOnlyList<string> BodyGaps => Gaps(BodyText);

    /// <summary>Reads a template.</summary>
    public static TemplateForm Of(MessageTemplate template)
    {
        var form = new TemplateForm(null, "", template.Category == "AUTHENTICATION" ? AuthenticationBody : "", null, []);
        using var components = JsonDocument.Parse(template.Components);
        foreach (var component in components.RootElement.EnumerateArray().Where(component => component.ValueKind == JsonValueKind.Object))
        {
            form = Text(component, "type")?.ToUpperInvariant() switch
            {
                "HEADER" => form with { HeaderFormat = Text(component, "format")?.ToUpperInvariant() ?? "TEXT", HeaderText = Text(component, "text") ?? "" },
                "BODY" => form with { BodyText = Text(component, "text") ?? form.BodyText },
                "FOOTER" => form with { FooterText = Text(component, "text") },
                "BUTTONS" => form with { Buttons = ReadButtons(component) },
                var other => form with { Unfillable = other ?? "?" },
            };
        }

        return form with { Unfillable = form.Unfillable ?? form.Buttons.FirstOrDefault(button => !button.IsKnown)?.Type };
    }

    /// <summary>A text with its gaps filled; what is not given stays as it is.</summary>
    public static string Fill(string text, IReadOnlyDictionary<string, string> values) =>
        Gap().Replace(text, gap => values.GetValueOrDefault(gap.Groups[1].Value, gap.Value));

    // Values of numbered gaps come by their numbers, wherever in the text these stand.
    private static List<string> Gaps(string text)
    {
        var gaps = Gap().Matches(text).Select(gap => gap.Groups[1].Value).Distinct().ToList();
        return gaps.TrueForAll(gap => int.TryParse(gap, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? [.. gaps.OrderBy(gap => int.Parse(gap, CultureInfo.InvariantCulture))]
            : gaps;
    }

    private static List<Button> ReadButtons(JsonElement component) =>
        component.TryGetProperty("buttons", out var buttons) && buttons.ValueKind == JsonValueKind.Array
            ? [.. buttons.EnumerateArray().Select(button => new Button(
                Text(button, "type")?.ToUpperInvariant() ?? "QUICK_REPLY", Text(button, "text") ?? "", Text(button, "url")))]
            : [];

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String
            ? member.GetString() : null;

    [GeneratedRegex(@"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")]
    private static partial Regex Gap();
}
