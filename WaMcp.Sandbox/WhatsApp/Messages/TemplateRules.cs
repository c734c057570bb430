using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Graph;
using WaMcp.Sandbox.WhatsApp.Templates;

namespace WaMcp.Sandbox.WhatsApp.Messages;

/// <summary>A template message names an approved template in one of its languages and brings exactly the parameters it asks for.</summary>
internal sealed class TemplateRules(MediaRules media)
{
    private const int MaxHydratedBody = 1024;

    public Template Check(JsonElement message, BusinessNumber number)
    {
        var template = message.Object("template", "template");
        var name = template.Text("name", "template.name", 512);
        var language = template.Object("language", "template.language").Text("code", "template.language.code", 20);
        var known = Usable(number.Account.Templates, name, language);
        var components = template.Items("components");
        CheckHeader(known, Parameters(components, "header"), number.Id);
        CheckBody(known, Parameters(components, "body"));
        CheckButtons(known, components);
        return known;
    }

    /// <summary>What the placeholders of a component become.</summary>
    public static IReadOnlyList<TemplateValue> Values(JsonElement message, string component) =>
        [.. Parameters((message.Find("template") ?? default).Items("components"), component).Select(Value)];

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

    private void CheckHeader(Template template, IReadOnlyList<JsonElement> parameters, string phoneNumberId)
    {
        switch (template.HeaderFormat)
        {
            case null or "TEXT":
                CheckCount("header", parameters.Count, template.HeaderVariables.Count);
                CheckTexts(template, "header", parameters, template.HeaderVariables);
                break;
            case "LOCATION":
                CheckFormat(parameters, "location");
                break;
            default:
                var kind = template.HeaderFormat.ToLowerInvariant();
                CheckFormat(parameters, kind);
                media.Check(parameters[0], kind, phoneNumberId);
                break;
        }
    }

    private static void CheckBody(Template template, IReadOnlyList<JsonElement> parameters)
    {
        CheckCount("body", parameters.Count, template.BodyVariables.Count);
        CheckTexts(template, "body", parameters, template.BodyVariables);
        var text = Template.Fill(template.BodyText, template.BodyVariables, [.. parameters.Select(Value)]);
        if (!JsonRead.Fits(text, MaxHydratedBody))
        {
            throw new GraphFault(132005, $"The body is longer than {MaxHydratedBody} characters once its parameters are filled in.");
        }
    }

    private static void CheckButtons(Template template, JsonElement[] components)
    {
        var given = components.Where(component => IsType(component, "button")).ToArray();
        foreach (var component in given)
        {
            if (!int.TryParse(component.FindText("index"), out var index) || index < 0 || index >= template.Buttons.Count)
            {
                throw new GraphFault(132000, $"buttons: there is no button at index {component.FindText("index") ?? "(none)"}");
            }
        }

        for (var index = 0; index < template.Buttons.Count; index++)
        {
            var button = template.Buttons[index];
            if (button.NeedsParameter && !given.Any(component => IsFor(component, index) && component.Items("parameters").Length == 1))
            {
                throw GraphFault.Missing($"buttons: Button at index {index} of type {button.Type} requires a parameter");
            }
        }
    }

    private static bool IsFor(JsonElement button, int index) => button.FindText("index") == $"{index}";

    private static void CheckCount(string component, int given, int expected)
    {
        if (given != expected)
        {
            throw new GraphFault(
                132000,
                $"{component}: number of localizable_params ({given}) does not match the expected number of params ({expected})");
        }
    }

    private static void CheckTexts(Template template, string component, IReadOnlyList<JsonElement> parameters, IReadOnlyList<string> names)
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
            if (template.ParameterFormat == "NAMED" && !names.Contains(name, StringComparer.Ordinal))
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
