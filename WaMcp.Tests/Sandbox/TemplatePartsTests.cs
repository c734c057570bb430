using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Sandbox.Control;

namespace WaMcp.Tests.Sandbox;

/// <summary>Offers, carousels, products and calls: what the sandbox takes, and what it refuses as Meta does.</summary>
public sealed class TemplatePartsTests(SandboxHost sandbox) : SandboxTests(sandbox)
{
    private const string Offer = """[{"type":"BODY","text":"x"},{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"Hurry","has_expiration":true}}]""";
    private const string Pictures =
        """
        [{"type":"BODY","text":"Look:"},{"type":"CAROUSEL","cards":[
            {"components":[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"{{1}}"},{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"More"}]}]},
            {"components":[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"{{1}}"},{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"More"}]}]}]}]
        """;

    private const string Products = """[{"type":"BODY","text":"x"},{"type":"CAROUSEL","cards":[{"components":[{"type":"HEADER","format":"PRODUCT"}]},{"components":[{"type":"HEADER","format":"PRODUCT"}]}]}]""";
    private const string Basket = """[{"type":"BODY","text":"x"},{"type":"BUTTONS","buttons":[{"type":"MPM","text":"View items"}]}]""";
    private const string Call = """[{"type":"BODY","text":"x"},{"type":"BUTTONS","buttons":[{"type":"VOICE_CALL","text":"Call"}]}]""";

    [Fact]
    public async Task ACarouselIsShownCardByCardAndItsButtonsCanBeTapped()
    {
        await CreateAsync(Pictures);

        var sent = await SendAsync($"[{Carousel(Picture(0, "Aloe"), Picture(1, "Crassula", "more-crassulas"))}]");

        sent.Status.ShouldBe(HttpStatusCode.OK, sent.Json.ToString());
        var bubble = (await Sandbox.ChatAsync()).Single();
        bubble.Text.ShouldBe("Look:\n1. Aloe\n2. Crassula");
        bubble.Choices.Select(choice => (choice.Kind, choice.Title, choice.Section)).ShouldBe([("quick_reply", "More", "Card 1"), ("quick_reply", "More", "Card 2")]);
    }

    [Fact]
    public async Task ACarouselOfProductsCanBeLongerThanItsTemplate()
    {
        await CreateAsync(Products);

        (await SendAsync($"[{Carousel(Product(0), Product(1), Product(2))}]")).Status.ShouldBe(HttpStatusCode.OK);
        (await SendAsync($"[{Carousel(Product(0))}]")).Code.ShouldBe(132012);
    }

    public static TheoryData<string, string, int> Sends => new()
    {
        { Offer, "[]", 132000 },
        { Offer, """[{"type":"limited_time_offer","parameters":[{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":4101814800000}}]}]""", 0 },
        { Offer, """[{"type":"limited_time_offer","parameters":[{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":"soon"}}]}]""", 131009 },
        { Call, """[{"type":"limited_time_offer","parameters":[{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":1}}]}]""", 132000 },
        { Call, """[{"type":"hologram"}]""", 100 },
        { Call, "[]", 0 },
        { Call, """[{"type":"button","sub_type":"voice_call","index":"0","parameters":[{"type":"ttl_minutes","ttl_minutes":100},{"type":"payload","payload":"x"}]}]""", 0 },
        { Call, """[{"type":"button","sub_type":"voice_call","index":"0","parameters":[{"type":"ttl_minutes","ttl_minutes":43201}]}]""", 131009 },
        { Call, """[{"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text","text":"x"}]}]""", 132012 },
        { Basket, "[]", 131008 },
        { Basket, """[{"type":"button","sub_type":"mpm","index":"0","parameters":[{"type":"payload","payload":"x"}]}]""", 132012 },
        { Basket, """[{"type":"button","sub_type":"mpm","index":"0","parameters":[{"type":"action","action":{"thumbnail_product_retailer_id":"a"}}]}]""", 131008 },
        { Basket, """[{"type":"button","sub_type":"mpm","index":"0","parameters":[{"type":"action","action":{"thumbnail_product_retailer_id":"a","sections":[{"product_items":[{"product_retailer_id":"a"}]}]}}]}]""", 0 },
        { Basket, """[{"type":"button","sub_type":"mpm","index":"0","parameters":[{"type":"action","action":{"thumbnail_product_retailer_id":"a","sections":[{"title":"A","product_items":[{"product_retailer_id":"a"}]},{"product_items":[{"product_retailer_id":"a"}]}]}}]}]""", 131008 },
        { Pictures, "[]", 132012 },
        { Pictures, $"[{Carousel(Picture(0, "Aloe"))}]", 132012 },
        { Pictures, $"[{Carousel(Picture(0, "Aloe"), Picture(2, "Crassula"))}]", 131009 },
        { Pictures, $"[{Carousel(Picture(0, "Aloe"), Product(1))}]", 132012 },
        { Pictures, $"[{Carousel(Picture(0, "Aloe"), Picture(1, new string('x', 161)))}]", 132005 },
    };

    [Theory]
    [MemberData(nameof(Sends))]
    public async Task AMessageBringsWhatItsTemplateAsksForAndNothingElse(string template, string components, int code)
    {
        await CreateAsync(template);

        var answer = await SendAsync(components);

        (answer.Status == HttpStatusCode.OK ? 0 : answer.Code).ShouldBe(code, answer.Json.ToString());
    }

    [Theory]
    [InlineData("UTILITY", """[{"type":"BODY","text":"x"},{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"Hurry"}}]""")]
    [InlineData("MARKETING", """[{"type":"BODY","text":"x"},{"type":"CAROUSEL","cards":[{"components":[{"type":"HEADER","format":"IMAGE"}]}]}]""")]
    [InlineData("MARKETING", """[{"type":"BODY","text":"x"},{"type":"CAROUSEL","cards":[{"components":[{"type":"HEADER","format":"IMAGE"}]},{"components":[{"type":"HEADER","format":"VIDEO"}]}]}]""")]
    public async Task ATemplateThatMetaWouldNotReviewIsRefused(string category, string components) =>
        (await PostAsync(category, components)).Status.ShouldBe(HttpStatusCode.BadRequest);

    private static string Carousel(params string[] cards) => $$"""{"type":"carousel","cards":[{{string.Join(',', cards)}}]}""";

    private static string Picture(int index, string text, string payload = "more") =>
        $$"""
        {"card_index":{{index}},"components":[{"type":"header","parameters":[{"type":"image","image":{"link":"https://x.example/a.png"} }]},
            {"type":"body","parameters":[{"type":"text","text":"{{text}}"}]},
            {"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"{{payload}}"}]}]}
        """;

    private static string Product(int index) =>
        $$"""{"card_index":{{index}},"components":[{"type":"header","parameters":[{"type":"product","product":{"product_retailer_id":"a","catalog_id":"1"} }]}]}""";

    private async Task CreateAsync(string components)
    {
        (await PostAsync("MARKETING", components)).Status.ShouldBe(HttpStatusCode.OK);
        (await Sandbox.PostAsync("/control/whatsapp/templates", new TemplateOrder { Name = "parts", Status = "APPROVED" })).Status.ShouldBe(HttpStatusCode.NoContent);
    }

    private Task<SandboxAnswer> PostAsync(string category, string components) => Sandbox.PostAsync(
        $"/v25.0/{SandboxHost.Account}/message_templates",
        new { name = "parts", language = "en_US", category, components = JsonNode.Parse(components) });

    private Task<SandboxAnswer> SendAsync(string components) =>
        Sandbox.SendAsync("template", new { name = "parts", language = new { code = "en_US" }, components = JsonElement.Parse(components) });
}
