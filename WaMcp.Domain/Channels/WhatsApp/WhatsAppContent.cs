using System.Text.Json;
using WaMcp.Domain.Messages;
using static WaMcp.Domain.Channels.WhatsApp.WhatsAppJson;

namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>
/// Reads what a message holds, by its type (https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages).
/// </summary>
internal static class WhatsAppContent
{
    /// <summary>The kind of a message that cannot be read here.</summary>
    public const string Unsupported = "unsupported";

    private static readonly string[] AddressParts = ["street", "zip", "city", "state", "country"];

    /// <summary>The word for it in the list of messages, its text, what else it holds, and whether its type is known here.</summary>
    public static (string Kind, string? Body, InboundContent Content, bool IsKnown) Read(JsonElement message)
    {
        var type = Text(message, "type") ?? "";
        var part = Member(message, type);
        var about = new InboundContent { Context = Context(message), Referral = Referral(Member(message, "referral")) };
        return type switch
        {
            "text" => (type, Words(part, "body"), about, true),
            "image" or "video" or "audio" or "document" or "sticker" =>
                (type, Text(part, "caption"), about with { File = File(type, part) }, true),
            "interactive" => Reply(part) is var reply ? (type, reply?.Title, about with { Reply = reply }, true) : default,
            "button" => (type, Text(part, "text"), about with { Reply = new("quick_reply", Text(part, "payload"), Text(part, "text"), null, null) }, true),
            "reaction" => (type, Text(part, "emoji"), about with { Reaction = new(Text(part, "message_id"), Text(part, "emoji")) }, true),
            "location" => (type, Text(part, "name"), about with { Location = Place(part) }, true),
            "contacts" => Cards(message) is var cards ? (type, cards.FirstOrDefault()?.Name, about with { Contacts = cards }, true) : default,
            "order" => (type, Text(part, "text"), about with { Order = Order(part) }, true),
            "system" => (type, Text(part, "body"), about with { System = new(Text(part, "type")) }, true),
            "unsupported" or "unknown" => (Unsupported, null, about with { Unsupported = WhyNot(message, Text(part, "type")) }, true),
            _ => (Unsupported, null, about with { Unsupported = WhyNot(message, type.Length > 0 ? type : null) }, false),
        };
    }

    private static InboundContent.FilePart File(string type, JsonElement? part) => new(
        type,
        Text(part, "id"),
        Text(part, "mime_type"),
        Text(part, "sha256"),
        Text(part, "filename"),
        Flag(part, "voice"),
        Flag(part, "animated"));

    private static InboundContent.ReplyPart? Reply(JsonElement? part)
    {
        if (Text(part, "type") is not { } type)
        {
            return null;
        }

        var chosen = Member(part, type);
        return type switch
        {
            "button_reply" => new("button", Text(chosen, "id"), Text(chosen, "title"), null, null),
            "list_reply" => new("list", Text(chosen, "id"), Text(chosen, "title"), Text(chosen, "description"), null),
            "nfm_reply" => new("form", Text(chosen, "name"), Text(chosen, "body"), null, Text(chosen, "response_json")),
            _ => new(type, Text(chosen, "id"), Text(chosen, "title"), Text(chosen, "description"), null),
        };
    }

    private static InboundContent.PlacePart Place(JsonElement? part) => new(
        Number(part, "latitude"), Number(part, "longitude"), Text(part, "name"), Text(part, "address"), Text(part, "url"));

    private static List<InboundContent.CardPart> Cards(JsonElement message) =>
    [
        .. Items(message, "contacts").Select(card => new InboundContent.CardPart(
            Text(Member(card, "name"), "formatted_name") ?? Text(Member(card, "name"), "first_name"),
            Values(card, "phones", "phone"),
            Values(card, "emails", "email"),
            Values(card, "urls", "url"),
            [.. Items(card, "addresses").Select(Address).Where(address => address.Length > 0)],
            Text(Member(card, "org"), "company"),
            Text(Member(card, "org"), "title"),
            Text(card, "birthday"))),
    ];

    private static List<string> Values(JsonElement card, string list, string name) => [.. Items(card, list).Select(item => Text(item, name)).OfType<string>()];

    private static string Address(JsonElement address) => string.Join(
        ", ", AddressParts.Select(name => Text(address, name)).OfType<string>());

    private static InboundContent.OrderPart Order(JsonElement? part) => new(
        Text(part, "catalog_id"),
        [
            .. Items(part, "product_items").Select(item => new InboundContent.OrderLine(
                Text(item, "product_retailer_id"), Number(item, "quantity"), Number(item, "item_price"), Text(item, "currency"))),
        ]);

    private static InboundContent.UnsupportedPart WhyNot(JsonElement message, string? type)
    {
        var error = Items(message, "errors").Cast<JsonElement?>().FirstOrDefault();
        return new(type, Whole(error, "code"), Text(Member(error, "error_data"), "details") ?? Text(error, "message") ?? Text(error, "title"));
    }

    private static InboundContent.ReferralPart? Referral(JsonElement? referral) => referral is not { ValueKind: JsonValueKind.Object } ? null : new(
        Text(referral, "source_type"),
        Text(referral, "source_id"),
        Text(referral, "source_url"),
        Text(referral, "headline"),
        Text(referral, "body"),
        Text(referral, "media_type"),
        Text(referral, "ctwa_clid"));

    private static InboundContent.ContextPart? Context(JsonElement message)
    {
        var context = Member(message, "context");
        var product = Member(context, "referred_product");
        var part = new InboundContent.ContextPart(
            Text(context, "id"),
            Flag(context, "frequently_forwarded") == true ? "often" : Flag(context, "forwarded") == true ? "once" : null,
            Text(product, "product_retailer_id"),
            Text(product, "catalog_id"),
            Text(message, "group_id"));
        return part == new InboundContent.ContextPart(null, null, null, null, null) ? null : part;
    }
}
