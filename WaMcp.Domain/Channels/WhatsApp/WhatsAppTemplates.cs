using System.Text.Json;
using WaMcp.Domain.Templates;

namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>Reads an account's list of templates (https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/message_templates).</summary>
internal static class WhatsAppTemplates
{
    public const string Fields = "name,language,category,status,parameter_format,components";

    public const int PageSize = 100;

    /// <summary>An account has 250 templates, 6,000 when it is verified.</summary>
    public const int Most = 10_000;

    /// <summary>Adds what a page holds.</summary>
    /// <returns>Where the next page begins; null when there is none.</returns>
    public static string? ReadPage(JsonElement page, string account, List<MessageTemplate> templates)
    {
        if (Member(page, "data") is not { ValueKind: JsonValueKind.Array } data)
        {
            return null;
        }

        foreach (var item in data.EnumerateArray())
        {
            if (Text(item, "name") is { } name && Text(item, "language") is { } language
                && templates.TrueForAll(known => known.Name != name || known.Language != language))
            {
                templates.Add(new MessageTemplate
                {
                    AccountId = account,
                    Name = name,
                    Language = language,
                    Category = Text(item, "category") ?? "",
                    Status = Text(item, "status") ?? "",
                    HasNamedParameters = Text(item, "parameter_format") == "NAMED",
                    Components = Member(item, "components") is { ValueKind: JsonValueKind.Array } components ? components.GetRawText() : "[]",
                });
            }
        }

        return data.GetArrayLength() > 0 && Member(page, "paging") is { } paging && Member(paging, "next") is not null
            && Member(paging, "cursors") is { } cursors ? Text(cursors, "after") : null;
    }

    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : null;

    private static string? Text(JsonElement element, string name) => Member(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
