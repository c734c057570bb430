using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Graph;
using WaMcp.Sandbox.WhatsApp.Templates;

namespace WaMcp.Sandbox.WhatsApp.Messages;

/// <summary>What a template message brings for buttons, of the template itself or of a card.</summary>
internal static class TemplateButtonRules
{
    private const int MostSections = 10;
    private const int MostProducts = 30;
    private const int MaxTitle = 24;
    private const int MaxPayload = 512;
    private const int MostMinutes = 43_200;

    public static void Check(TemplateLayout layout, IReadOnlyList<JsonElement> given)
    {
        foreach (var component in given)
        {
            if (!int.TryParse(component.FindText("index"), out var index) || index < 0 || index >= layout.Buttons.Count)
            {
                throw new GraphFault(132000, $"buttons: there is no button at index {component.FindText("index") ?? "(none)"}");
            }

            var button = layout.Buttons[index];
            if (!string.Equals(component.FindText("sub_type"), button.SubType, StringComparison.OrdinalIgnoreCase))
            {
                throw new GraphFault(132012, $"buttons: Button at index {index} of type {button.Type} is not of sub_type {component.FindText("sub_type") ?? "(none)"}");
            }

            CheckParameters(button, component.Items("parameters"));
        }

        for (var index = 0; index < layout.Buttons.Count; index++)
        {
            var button = layout.Buttons[index];
            if (button.NeedsParameter && !given.Any(component => component.FindText("index") == $"{index}" && component.Items("parameters").Length == 1))
            {
                throw GraphFault.Missing($"buttons: Button at index {index} of type {button.Type} requires a parameter");
            }
        }
    }

    private static void CheckParameters(TemplateButton button, JsonElement[] parameters)
    {
        foreach (var parameter in parameters)
        {
            switch (button.Type, parameter.FindText("type"))
            {
                case ("MPM", "action"):
                    CheckProducts(parameter.Object("action", "action"));
                    break;
                case ("ORDER_DETAILS", "action"):
                    parameter.Object("action", "action").Object("order_details", "action.order_details");
                    break;
                case ("MPM" or "ORDER_DETAILS", var other):
                    throw new GraphFault(132012, $"buttons: Format mismatch, expected ACTION, received {other?.ToUpperInvariant() ?? "UNKNOWN"}");
                case ("VOICE_CALL", "ttl_minutes"):
                    if (!int.TryParse(parameter.FindText("ttl_minutes"), out var minutes) || minutes is < 1 or > MostMinutes)
                    {
                        throw GraphFault.Invalid($"'ttl_minutes' must be 1 to {MostMinutes}.");
                    }

                    break;
                case ("VOICE_CALL", _):
                    parameter.Text("payload", "payload", MaxPayload);
                    break;
                default:
                    break;
            }
        }
    }

    private static void CheckProducts(JsonElement action)
    {
        action.Text("thumbnail_product_retailer_id", "action.thumbnail_product_retailer_id", 200);
        var sections = action.Array("sections", "action.sections", 1, MostSections);
        var products = 0;
        foreach (var section in sections.EnumerateArray())
        {
            if (section.OptionalText("title", "action.sections.title", MaxTitle) is null && sections.GetArrayLength() > 1)
            {
                throw GraphFault.Missing("Parameter 'action.sections.title' is mandatory when there is more than one section.");
            }

            foreach (var product in section.Array("product_items", "action.sections.product_items", 1, MostProducts).EnumerateArray())
            {
                product.Text("product_retailer_id", "action.sections.product_items.product_retailer_id", 200);
                products++;
            }
        }

        if (products > MostProducts)
        {
            throw GraphFault.Invalid($"action.sections have {products} products in all. Max: {MostProducts}.");
        }
    }
}
