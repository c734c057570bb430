using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Chats;
using WaMcp.Sandbox.WhatsApp.Graph;
using WaMcp.Sandbox.WhatsApp.Messages;
using WaMcp.Sandbox.WhatsApp.Templates;

namespace WaMcp.Sandbox.Phone;

/// <summary>What can be tapped in a message of the business, in the order it is shown, with what the tap tells the business.</summary>
internal static class MessageChoices
{
    internal sealed record Choice(string Kind, string Title)
    {
        /// <summary>The id or payload that goes back to the business.</summary>
        public string Id { get; init; } = "";

        public string? Description { get; init; }

        public string? Section { get; init; }

        public string? Value { get; init; }
    }

    public static IReadOnlyList<Choice> Of(ChatMessage message, JsonElement content) =>
        message.FromCustomer ? []
        : message.Template is { } template ? [.. TemplateChoices(template.Layout, (content.Find("template") ?? default).Items("components"))]
        : message.Type == "interactive" && content.Find("interactive") is { } interactive ? [.. Interactive(interactive)]
        : [];

    private static IEnumerable<Choice> Interactive(JsonElement interactive)
    {
        var action = interactive.Find("action") ?? default;
        var parameters = action.Find("parameters") ?? default;
        return interactive.FindText("type") switch
        {
            "button" => action.Items("buttons").Select(button => button.GetProperty("reply"))
                .Select(reply => new Choice("reply", reply.FindText("title") ?? "") { Id = reply.FindText("id") ?? "" }),
            "list" => action.Items("sections").SelectMany(
                section => section.Items("rows"),
                (section, row) => new Choice("row", row.FindText("title") ?? "")
                {
                    Id = row.FindText("id") ?? "",
                    Description = row.FindText("description"),
                    Section = section.FindText("title"),
                }),
            "cta_url" => [new Choice("link", parameters.FindText("display_text") ?? "") { Value = parameters.FindText("url") }],
            "flow" => [new Choice("flow", parameters.FindText("flow_cta") ?? "") { Id = parameters.FindText("flow_token") ?? "unused" }],
            "location_request_message" => [new Choice("location", "Send location")],
            "request_contact_info" => [new Choice("contact", "Share my number")],
            _ => [],
        };
    }

    /// <summary>The buttons of the template, then those of each of its cards.</summary>
    private static IEnumerable<Choice> TemplateChoices(TemplateLayout layout, JsonElement[] components) => TemplateButtons(layout, components)
        .Concat(TemplateRules.Cards(components).Where(_ => layout.Cards.Count > 0).SelectMany((card, index) =>
            TemplateButtons(layout.Card(index), card.Items("components")).Select(choice => choice with { Section = $"Card {index + 1}" })));

    private static IEnumerable<Choice> TemplateButtons(TemplateLayout layout, JsonElement[] components)
    {
        for (var index = 0; index < layout.Buttons.Count; index++)
        {
            var button = layout.Buttons[index];
            var value = ButtonParameter(components, index);
            yield return button.Type switch
            {
                "URL" => new Choice("link", button.Text) { Value = Address(button.Url ?? "", value) },
                "PHONE_NUMBER" => new Choice("call", button.Text) { Value = button.PhoneNumber },
                "REQUEST_CONTACT_INFO" => new Choice("contact", button.Text),
                "SPM" or "MPM" or "CATALOG" or "ORDER_DETAILS" or "VOICE_CALL" => new Choice("view", button.Text), // opens what the sandbox has not
                "OTP" or "COPY_CODE" => new Choice("copy", button.Text) { Value = value },
                "FLOW" => new Choice("flow", button.Text) { Id = "unused" },
                _ => new Choice("quick_reply", button.Text) { Id = value ?? button.Text },
            };
        }
    }

    private static string Address(string url, string? value) =>
        TemplateLayout.Fill(url, ["1"], value is null ? [] : [new TemplateValue(null, value)]);

    private static string? ButtonParameter(JsonElement[] components, int index)
    {
        var component = components.FirstOrDefault(candidate =>
            candidate.FindText("index") == $"{index}"
            && string.Equals(candidate.FindText("type"), "button", StringComparison.OrdinalIgnoreCase));
        var parameter = component.Items("parameters").FirstOrDefault();
        return parameter.ValueKind == JsonValueKind.Object
            ? parameter.FindText("payload") ?? parameter.FindText("text") ?? parameter.FindText("coupon_code")
            : null;
    }
}
