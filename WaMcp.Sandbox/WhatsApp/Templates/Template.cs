using System.Text.Json;
using System.Text.RegularExpressions;
using WaMcp.Sandbox.WhatsApp.Graph;

namespace WaMcp.Sandbox.WhatsApp.Templates;

/// <summary>One language of one template. <see cref="Components"/> is what the business wrote; the rest is read from it once.</summary>
internal sealed partial class Template
{
    private const string AuthenticationBody = "{{1}} is your verification code.";

    public Template(string id, string name, string language, string category, string parameterFormat, JsonElement components)
    {
        Id = id;
        Name = name;
        Language = language;
        Category = category;
        ParameterFormat = parameterFormat;
        Components = components.Clone();
        foreach (var component in Components.EnumerateArray())
        {
            Read(component);
        }
    }

    public string Id { get; }

    public string Name { get; }

    public string Language { get; }

    /// <summary>MARKETING, UTILITY or AUTHENTICATION.</summary>
    public string Category { get; }

    /// <summary>POSITIONAL ({{1}}) or NAMED ({{first_name}}).</summary>
    public string ParameterFormat { get; }

    public JsonElement Components { get; }

    /// <summary>PENDING, APPROVED, REJECTED, PAUSED or DISABLED.</summary>
    public string Status { get; set; } = "APPROVED";

    /// <summary>TEXT, IMAGE, VIDEO, DOCUMENT, LOCATION or null.</summary>
    public string? HeaderFormat { get; private set; }

    public string HeaderText { get; private set; } = "";

    public string BodyText { get; private set; } = "";

    public string? FooterText { get; private set; }

    public IReadOnlyList<string> HeaderVariables { get; private set; } = [];

    public IReadOnlyList<string> BodyVariables { get; private set; } = [];

    public IReadOnlyList<TemplateButton> Buttons { get; private set; } = [];

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

    private void Read(JsonElement component)
    {
        switch (component.FindText("type")?.ToUpperInvariant())
        {
            case "HEADER":
                HeaderFormat = component.FindText("format")?.ToUpperInvariant() ?? "TEXT";
                HeaderText = component.FindText("text") ?? "";
                HeaderVariables = Variables(HeaderText);
                break;
            case "BODY":
                BodyText = component.FindText("text") ?? (Category == "AUTHENTICATION" ? AuthenticationBody : "");
                BodyVariables = Variables(BodyText);
                break;
            case "FOOTER":
                FooterText = component.FindText("text")
                    ?? (component.FindText("code_expiration_minutes") is { } minutes ? $"This code expires in {minutes} minutes." : null);
                break;
            case "BUTTONS" when component.Find("buttons") is { ValueKind: JsonValueKind.Array } buttons:
                Buttons = [.. buttons.EnumerateArray().Select(ReadButton)];
                break;
            default:
                break; // LIMITED_TIME_OFFER, CAROUSEL and what Meta adds: kept and listed, not interpreted.
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
