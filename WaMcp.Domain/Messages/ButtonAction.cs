using System.Text.Json.Nodes;

namespace WaMcp.Domain.Messages;

/// <summary>
/// Holds what a template's button opens with against the limits that Meta states
/// (https://developers.facebook.com/documentation/business-messaging/whatsapp/catalogs/mpm-template-messages and its siblings); what else is in it
/// goes to Meta as it is.
/// </summary>
internal static class ButtonAction
{
    private const int MaxSections = 10;
    private const int MaxProducts = 30;
    private const int MaxTitle = 24;
    private const int MaxProduct = 200;

    public static void Check(string field, string? button, JsonObject action)
    {
        switch (button)
        {
            case "mpm":
                ContentLimit.Require($"{field}.thumbnail_product_retailer_id", Text(action, "thumbnail_product_retailer_id"), MaxProduct);
                CheckSections($"{field}.sections", Items(action, "sections"));
                break;
            case "order_details" when action["order_details"] is not JsonObject:
                throw Fault.Invalid($"{field}.order_details", "is required.");
        }
    }

    private static void CheckSections(string field, List<JsonObject?> sections)
    {
        ContentLimit.Count(field, sections, MaxSections);
        var products = 0;
        for (var i = 0; i < sections.Count; i++)
        {
            var title = Text(sections[i], "title");
            if (sections.Count > 1)
            {
                ContentLimit.Require($"{field}[{i}].title", title, MaxTitle);
            }

            ContentLimit.Optional($"{field}[{i}].title", title, MaxTitle);
            var items = Items(sections[i], "product_items");
            ContentLimit.Count($"{field}[{i}].product_items", items, MaxProducts);
            for (var j = 0; j < items.Count; j++)
            {
                ContentLimit.Require($"{field}[{i}].product_items[{j}].product_retailer_id", Text(items[j], "product_retailer_id"), MaxProduct);
            }

            products += items.Count;
        }

        if (products > MaxProducts)
        {
            throw Fault.Invalid(field, $"have {products} products in all; the limit is {MaxProducts}.");
        }
    }

    private static string? Text(JsonObject? parent, string name) =>
        parent?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static List<JsonObject?> Items(JsonObject? parent, string name) => parent?[name] is JsonArray items ? [.. items.Select(item => item as JsonObject)] : [];
}
