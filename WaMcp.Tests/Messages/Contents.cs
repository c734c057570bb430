using System.Text.Json.Nodes;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;

namespace WaMcp.Tests.Messages;

/// <summary>One message of every kind and variant, each of its parts as long as it may be, and each part one over.</summary>
internal static class Contents
{
    public static readonly MediaObjectId File = new(Guid.Parse("01890000-0000-7000-8000-000000000001"));

    /// <summary>Everything that can be said, at its limits.</summary>
    public static IEnumerable<(string Name, MessageContent Content)> All()
    {
        yield return ("text", new TextContent(Long(4096)));
        yield return ("text with preview and reply", new TextContent("https://example.com", true) { ReplyTo = "wamid.X" });
        yield return ("image", new MediaContent(MediaKind.Image, File, Long(1024)));
        yield return ("video", new MediaContent(MediaKind.Video, File, Long(1024)) { ReplyTo = "wamid.X" });
        yield return ("audio", new MediaContent(MediaKind.Audio, File));
        yield return ("voice", new MediaContent(MediaKind.Audio, File, Voice: true));
        yield return ("document", new MediaContent(MediaKind.Document, File, Long(1024), Long(240)));
        yield return ("sticker", new MediaContent(MediaKind.Sticker, File));
        yield return ("location", new LocationContent(-90, 180, Long(1000), Long(1000)));
        yield return ("location alone", new LocationContent(52.520008, 13.404954));
        yield return ("contacts", new ContactsContent([.. Enumerable.Range(0, 5).Select(_ => Card())]));
        yield return ("reaction", new ReactionContent("wamid.X", "👩🏽‍🚀"));
        yield return ("reaction with a keycap", new ReactionContent("wamid.X", "1️⃣"));
        yield return ("reaction with a flag", new ReactionContent("wamid.X", "🇩🇪"));
        yield return ("reaction with a heart", new ReactionContent("wamid.X", "❤"));
        yield return ("reaction taken away", new ReactionContent("wamid.X", ""));
        yield return ("buttons", Buttons(3, new InteractiveHeader.Text(Long(60)), Long(60)));
        foreach (var kind in new[] { MediaKind.Image, MediaKind.Video, MediaKind.Document })
        {
            yield return ($"buttons under {kind}", Buttons(1, new InteractiveHeader.File(kind, File, kind == MediaKind.Document ? "a.pdf" : null), null));
        }

        yield return ("list", Menu(10, 1, Long(4096)));
        yield return ("list with one section", new InteractiveContent("Choose", new InteractiveAction.Menu("Open", [new(null, [new("1", "One")])])));
        yield return ("link", new InteractiveContent(Long(1024), new InteractiveAction.Link(Long(20), "https://example.com/" + Long(1980))));
        yield return ("contact request", new InteractiveContent("Your number?", new InteractiveAction.ContactRequest()));
        foreach (var (name, parameter) in Headers())
        {
            yield return ($"template with {name}", Template([new(TemplatePart.Header, [parameter])]));
        }

        yield return ("template alone", Template([]));
        yield return ("template with body", Template([new(TemplatePart.Body,
        [
            new TemplateParameter.Text(Long(1024), "name"), new TemplateParameter.Currency("€12.99", "EUR", 12990), new TemplateParameter.Moment("tomorrow"),
        ])]));
        yield return ("template with buttons", Template(
        [
            Button("quick_reply", 0, new TemplateParameter.Payload(Long(256))),
            Button("url", 1, new TemplateParameter.Text(Long(2000))),
            Button("copy_code", 2, new TemplateParameter.Coupon(Long(15))),
            Button("flow", 3, new TemplateParameter.Action(new JsonObject { ["flow_token"] = "t", ["flow_action_data"] = new JsonObject { ["a"] = "b" } })),
            Button("catalog", 9, new TemplateParameter.Action(new JsonObject { ["thumbnail_product_retailer_id"] = "1" })),
        ]));
        yield return ("template with an offer", Template([new(TemplatePart.Offer, [new TemplateParameter.Expiry(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero))])]));
        yield return ("template with products", Template([Button("mpm", 0, Products(10, 3))]));
        yield return ("template with an order", Template([Button("order_details", 0, new TemplateParameter.Action(new JsonObject { ["order_details"] = new JsonObject() }))]));
        yield return ("template with a call", Template(
        [
            new(TemplatePart.Button, [new TemplateParameter.Lifetime(43_200), new TemplateParameter.Payload(Long(512))], "voice_call", 0),
        ]));
        yield return ("template with cards", Template([], [.. Enumerable.Range(0, 10).Select(_ => Card(new TemplateParameter.File(MediaKind.Image, File)))]));
        yield return ("template with product cards", Template([], [.. Enumerable.Range(0, 2).Select(_ => Card(new TemplateParameter.Product(Long(200), Long(200))))]));
        yield return ("template as a reply", Template([]) with { ReplyTo = "wamid.X" });
    }

    /// <summary>Each limit, one over: the field that is named, and the limit.</summary>
    public static IEnumerable<(string Field, string Limit, MessageContent Content)> OneOver()
    {
        yield return ("text", "4096", new TextContent(Long(4097)));
        yield return ("text", "empty", new TextContent(" "));
        yield return ("text", "NUL", new TextContent("a\0b"));
        yield return ("caption", "1024", new MediaContent(MediaKind.Image, File, Long(1025)));
        yield return ("caption", "audio", new MediaContent(MediaKind.Audio, File, "x"));
        yield return ("caption", "sticker", new MediaContent(MediaKind.Sticker, File, "x"));
        yield return ("fileName", "240", new MediaContent(MediaKind.Document, File, null, Long(241)));
        yield return ("fileName", "image", new MediaContent(MediaKind.Image, File, null, "a.png"));
        yield return ("voice", "audio", new MediaContent(MediaKind.Video, File, Voice: true));
        yield return ("latitude", "90", new LocationContent(90.1, 0));
        yield return ("longitude", "180", new LocationContent(0, -180.1));
        yield return ("latitude", "90", new LocationContent(double.NaN, 0));
        yield return ("name", "1000", new LocationContent(0, 0, Long(1001)));
        yield return ("address", "1000", new LocationContent(0, 0, null, Long(1001)));
        yield return ("contacts", "1 to 5", new ContactsContent([.. Enumerable.Range(0, 6).Select(_ => Card())]));
        yield return ("contacts", "1 to 5", new ContactsContent([]));
        yield return ("contacts[0].name", "1000", new ContactsContent([Card() with { Name = Long(1001) }]));
        yield return ("contacts[0].phones", "at least one", new ContactsContent([new ContactCard { Name = "Ada" }]));
        yield return ("contacts[0].emails[0]", "1000", new ContactsContent([Card() with { Emails = [Long(1001)] }]));
        yield return ("emoji", "1 emoji", new ReactionContent("wamid.X", "👍👍"));
        yield return ("emoji", "1 emoji", new ReactionContent("wamid.X", "a"));
        yield return ("emoji", "1 emoji", new ReactionContent("wamid.X", "é"));
        yield return ("emoji", "1 emoji", new ReactionContent("wamid.X", "字"));
        yield return ("text", "1024", new InteractiveContent(Long(1025), new InteractiveAction.ContactRequest()));
        yield return ("text", "4096", Menu(1, 1, Long(4097)));
        yield return ("footer", "60", Buttons(1, null, Long(61)));
        yield return ("header.text", "60", Buttons(1, new InteractiveHeader.Text(Long(61)), null));
        yield return ("header", "text", Menu(1, 1, "x") with { Header = new InteractiveHeader.File(MediaKind.Image, File) });
        yield return ("header", "audio", Buttons(1, new InteractiveHeader.File(MediaKind.Audio, File), null));
        yield return ("buttons", "1 to 3", Buttons(4, null, null));
        yield return ("buttons", "1 to 3", Buttons(0, null, null));
        yield return ("buttons[0].title", "20", new InteractiveContent("x", new InteractiveAction.Buttons([new("1", Long(21))])));
        yield return ("buttons[0].id", "256", new InteractiveContent("x", new InteractiveAction.Buttons([new(Long(257), "A")])));
        yield return ("buttons.id", "differ", new InteractiveContent("x", new InteractiveAction.Buttons([new("1", "A"), new("1", "B")])));
        yield return ("buttons.title", "differ", new InteractiveContent("x", new InteractiveAction.Buttons([new("1", "A"), new("2", "A")])));
        yield return ("list.sections", "10", Menu(11, 1, "x"));
        yield return ("list.sections", "limit is 10", Menu(2, 6, "x"));
        yield return ("list.sections[0].rows", "1 to 10", Menu(1, 11, "x"));
        yield return ("list.button", "20", new InteractiveContent("x", new InteractiveAction.Menu(Long(21), [new(null, [new("1", "A")])])));
        yield return ("list.sections[0].title", "24", new InteractiveContent("x", new InteractiveAction.Menu("o", [new(Long(25), [new("1", "A")])])));
        yield return ("list.sections[0].title", "empty", new InteractiveContent("x", new InteractiveAction.Menu("o", [new(null, [new("1", "A")]), new("b", [new("2", "A")])])));
        yield return ("list.sections[0].rows[0].id", "200", new InteractiveContent("x", new InteractiveAction.Menu("o", [new(null, [new(Long(201), "A")])])));
        yield return ("list.sections[0].rows[0].title", "24", new InteractiveContent("x", new InteractiveAction.Menu("o", [new(null, [new("1", Long(25))])])));
        yield return ("list.sections[0].rows[0].description", "72", new InteractiveContent("x", new InteractiveAction.Menu("o", [new(null, [new("1", "A", Long(73))])])));
        yield return ("list.sections.rows.id", "differ", new InteractiveContent("x", new InteractiveAction.Menu("o", [new(null, [new("1", "A"), new("1", "B")])])));
        yield return ("link.title", "20", new InteractiveContent("x", new InteractiveAction.Link(Long(21), "https://example.com")));
        yield return ("link.url", "2000", new InteractiveContent("x", new InteractiveAction.Link("x", "https://example.com/" + Long(2000))));
        yield return ("link.url", "http or https", new InteractiveContent("x", new InteractiveAction.Link("x", "javascript:alert(1)")));
        yield return ("body", "1024", Template([new(TemplatePart.Body, [new TemplateParameter.Text(Long(1025))])]));
        yield return ("header", "60", Template([new(TemplatePart.Header, [new TemplateParameter.Text(Long(61))])]));
        yield return ("header", "image, a video or a document", Template([new(TemplatePart.Header, [new TemplateParameter.File(MediaKind.Audio, File)])]));
        yield return ("body", "ISO 4217", Template([new(TemplatePart.Body, [new TemplateParameter.Currency("x", "euro", 1)])]));
        yield return ("buttons[0].payload", "256", Template([Button("quick_reply", 0, new TemplateParameter.Payload(Long(257)))]));
        yield return ("buttons[0].code", "15", Template([Button("copy_code", 0, new TemplateParameter.Coupon(Long(16)))]));
        yield return ("buttons.index", "9", Template([Button("copy_code", 10, new TemplateParameter.Coupon("x"))]));
        yield return ("buttons[0].payload", "512", Template([Button("voice_call", 0, new TemplateParameter.Payload(Long(513)))]));
        yield return ("buttons[0].ttlMinutes", "43200", Template([Button("voice_call", 0, new TemplateParameter.Lifetime(43_201))]));
        yield return ("buttons[0].action.sections", "1 to 10", Template([Button("mpm", 0, Products(11, 1))]));
        yield return ("buttons[0].action.sections", "31 products in all", Template([Button("mpm", 0, Products(1, 30, 1))]));
        yield return ("buttons[0].action.sections[0].product_items", "1 to 30", Template([Button("mpm", 0, Products(1, 31))]));
        yield return ("buttons[0].action.sections[0].title", "24", Template([Button("mpm", 0, Products(1, 1, title: Long(25)))]));
        yield return ("buttons[0].action.sections[1].title", "empty", Template([Button("mpm", 0, Products(1, 1, 1, title: null))]));
        yield return ("buttons[0].action.thumbnail_product_retailer_id", "empty", Template([Button("mpm", 0, new TemplateParameter.Action(new JsonObject()))]));
        yield return ("buttons[0].action.order_details", "required", Template([Button("order_details", 0, new TemplateParameter.Action(new JsonObject()))]));
        yield return ("header.product.retailerId", "200", Template([new(TemplatePart.Header, [new TemplateParameter.Product(Long(201), "1")])]));
        yield return ("header.product.catalogId", "empty", Template([new(TemplatePart.Header, [new TemplateParameter.Product("1", "")])]));
        yield return ("cards", "1 to 10", Template([], [.. Enumerable.Range(0, 11).Select(_ => Card(new TemplateParameter.Product("1", "2")))]));
        yield return ("cards[1].header", "60", Template([], [Card(new TemplateParameter.Product("1", "2")), Card(new TemplateParameter.Text(Long(61)))]));
        yield return ("replyTo", "reaction", new ReactionContent("wamid.X", "👍") { ReplyTo = "wamid.Y" });
    }

    private static IEnumerable<(string Name, TemplateParameter Parameter)> Headers()
    {
        yield return ("a header text", new TemplateParameter.Text(Long(60)));
        yield return ("an image", new TemplateParameter.File(MediaKind.Image, File));
        yield return ("a video", new TemplateParameter.File(MediaKind.Video, File));
        yield return ("a document", new TemplateParameter.File(MediaKind.Document, File, "a.pdf"));
        yield return ("a place", new TemplateParameter.Place(new LocationContent(1, 2, "Here", "There")));
        yield return ("a product", new TemplateParameter.Product(Long(200), Long(200)));
    }

    private static InteractiveContent Buttons(int count, InteractiveHeader? header, string? footer) => new(
        Long(1024),
        new InteractiveAction.Buttons([.. Enumerable.Range(0, count).Select(i => new InteractiveAction.Button($"{i}{Long(255)}", $"{i}{Long(19)}"))]),
        header,
        footer);

    private static InteractiveContent Menu(int sections, int rows, string text) => new(text, new InteractiveAction.Menu(Long(20),
    [
        .. Enumerable.Range(0, sections).Select(section => new InteractiveAction.Section(
            Long(24), [.. Enumerable.Range(0, rows).Select(row => new InteractiveAction.Row($"{section}/{row}/{Long(194)}", Long(24), Long(72)))])),
    ]));

    private static TemplateContent Template(IReadOnlyList<TemplateComponent> components, IReadOnlyList<TemplateCard>? cards = null) =>
        new("hello_world", "en_US", MessageCategory.Utility, components, Cards: cards);

    private static TemplateCard Card(TemplateParameter header) => new(
    [
        new(TemplatePart.Header, [header]),
        new(TemplatePart.Body, [new TemplateParameter.Text(Long(100))]),
        Button("url", 1, new TemplateParameter.Text(Long(2000))),
    ]);

    // So many sections with so many products each, and a last one of its own size.
    private static TemplateParameter.Action Products(int sections, int products, int last = 0, string? title = "t") => new(new JsonObject
    {
        ["thumbnail_product_retailer_id"] = "1",
        ["sections"] = new JsonArray([.. Enumerable.Repeat(products, sections).Concat(last == 0 ? [] : [last]).Select((count, section) => (JsonNode)new JsonObject
        {
            ["title"] = section == 0 ? title ?? "first" : title,
            ["product_items"] = new JsonArray([.. Enumerable.Range(0, count).Select(product => (JsonNode)new JsonObject { ["product_retailer_id"] = $"{product}" })]),
        })]),
    });

    private static TemplateComponent Button(string type, int index, TemplateParameter parameter) => new(TemplatePart.Button, [parameter], type, index);

    private static ContactCard Card() => new()
    {
        Name = Long(1000),
        FirstName = "Ada",
        LastName = "Lovelace",
        Company = "Engines",
        JobTitle = "Countess",
        Phones = ["+49 151 1234567"],
        Emails = ["ada@example.com"],
        Urls = ["https://example.com"],
    };

    private static string Long(int length) => new('x', length);
}
