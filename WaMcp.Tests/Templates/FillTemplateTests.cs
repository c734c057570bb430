using System.Text.Json.Nodes;
using WaMcp.Domain;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Templates;

namespace WaMcp.Tests.Templates;

public sealed class FillTemplateTests
{
    private const string Offer = """[{"type":"limited_time_offer","limited_time_offer":{"text":"Expiring offer!","has_expiration":true}},{"type":"BODY","text":"x"}]""";
    private const string Pictures =
        """
        [{"type":"BODY","text":"See"},{"type":"CAROUSEL","cards":[
            {"components":[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"{{1}}"},{"type":"BUTTONS","buttons":[{"type":"URL","text":"Shop","url":"https://s.example/{{1}}"}]}]},
            {"components":[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"two"},{"type":"BUTTONS","buttons":[{"type":"URL","text":"Shop","url":"https://s.example/"}]}]}]}]
        """;

    private const string Products =
        """[{"type":"BODY","text":"See"},{"type":"CAROUSEL","cards":[{"components":[{"type":"HEADER","format":"PRODUCT"}]},{"components":[{"type":"HEADER","format":"PRODUCT"}]}]}]""";

    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly TemplateParameter.File Picture = new(MediaKind.Image, default);
    private static readonly TemplateParameter.Product Product = new("sku", "catalogue");

    [Fact]
    public void NumberedGapsAreFilledByTheirNumbersWhereverTheyStand()
    {
        var filled = Fill("""[{"type":"BODY","text":"{{2}} comes after {{1}}, and {{10}} after {{2}}."}]""", "one", "two", "ten");

        filled.Body.ShouldBe("two comes after one, and ten after two.");
        filled.Components.ShouldHaveSingleItem().Parameters.Cast<TemplateParameter.Text>().Select(text => text.Value).ShouldBe(["one", "two", "ten"]);
    }

    [Theory]
    [InlineData("""[{"type":"BODY","text":"x"},{"type":"HOLOGRAM"}]""", "HOLOGRAM")]
    [InlineData("""[{"type":"BODY","text":"x"},{"type":"CAROUSEL","cards":[]}]""", "CAROUSEL")]
    [InlineData("""[{"type":"BODY","text":"x"},{"type":"BUTTONS","buttons":[{"type":"TELEPORT","text":"Go"}]}]""", "TELEPORT")]
    [InlineData("""[{"type":"HEADER","format":"GIF"},{"type":"BODY","text":"x"}]""", "GIF")]
    [InlineData("""[{"type":"BODY","text":"x"},{"type":"CAROUSEL","cards":[{"components":[{"type":"BUTTONS","buttons":[{"type":"TELEPORT"}]}]}]}]""", "TELEPORT")]
    public void ATemplateWithAPartThatNobodyHereCanFillIsRefused(string components, string part) =>
        Refused(() => Fill(components), "name").ShouldContain(part);

    [Fact]
    public void ABodyThatGrowsTooLongIsRefused()
    {
        const string components = """[{"type":"BODY","text":"{{1}} and {{2}}"}]""";

        Fill(components, new string('x', 1018), "y").Body!.Length.ShouldBe(1024);
        Refused(() => Fill(components, new string('x', 1019), "y"), "body").ShouldContain("1025 characters");
    }

    [Fact]
    public void AnOfferSaysWhenItEnds()
    {
        var end = Now.AddSeconds(1);

        var filled = Fill(Offer, new TemplateFilling(null, [], []) { OfferExpiresAt = end });

        filled.Components.ShouldHaveSingleItem().Parameters.ShouldHaveSingleItem().ShouldBe(new TemplateParameter.Expiry(end));
        filled.Body.ShouldBe("Expiring offer!\nx");
    }

    [Fact]
    public void AnOfferWithoutAnEndOrWithAPastOneOrWhereThereIsNoneIsRefused()
    {
        Refused(() => Fill(Offer), "limitedTimeOffer").ShouldContain("needs the time");
        Refused(() => Fill(Offer, new TemplateFilling(null, [], []) { OfferExpiresAt = Now }), "limitedTimeOffer.expiresAt").ShouldContain("future");
        Refused(() => Fill("""[{"type":"BODY","text":"x"}]""", new TemplateFilling(null, [], []) { OfferExpiresAt = Now.AddDays(1) }), "limitedTimeOffer").ShouldContain("takes none");
    }

    [Fact]
    public void CardsAreFilledLikeSmallTemplates()
    {
        var filled = Fill(Pictures, Carousel(
            new TemplateFilling(Picture, [new TemplateParameter.Text("one")], [new(0, "one", null)]),
            new TemplateFilling(Picture, [], [])));

        filled.Components.ShouldBeEmpty();
        filled.Cards.ShouldNotBeNull().Select(card => string.Join(' ', card.Components.Select(component => component.Part))).ShouldBe(["Header Body Button", "Header"]);
        filled.Body.ShouldBe("See\none\n[Shop]\ntwo\n[Shop]");
    }

    [Fact]
    public void WhatIsWrongWithACardIsNamedWithTheCard()
    {
        var good = new TemplateFilling(Picture, [new TemplateParameter.Text("one")], [new(0, "one", null)]);
        var second = new TemplateFilling(Picture, [], []);

        Refused(() => Fill(Pictures), "cards").ShouldContain("has 0 cards; the template takes 2.");
        Refused(() => Fill(Pictures, Carousel(good, second, second)), "cards").ShouldContain("has 3 cards");
        Refused(() => Fill(Offer, Carousel(good) with { OfferExpiresAt = Now.AddDays(1) }), "cards").ShouldContain("takes none");
        Refused(() => Fill(Pictures, Carousel(good, second with { Header = null })), "cards[1].header").ShouldContain("the card needs image");
        Refused(() => Fill(Pictures, Carousel(good with { Header = Product }, second)), "cards[0].header").ShouldContain("product is given");
        Refused(() => Fill(Pictures, Carousel(good with { Body = [] }, second)), "cards[0].body").ShouldContain("1 gaps (1)");
        Refused(() => Fill(Pictures, Carousel(good with { Body = [new TemplateParameter.Text(new string('x', 161))] }, second)), "cards[0].body").ShouldContain("the limit is 160");
        Refused(() => Fill(Pictures, Carousel(good with { Buttons = [] }, second)), "cards[0].buttons").ShouldContain("needs a value");
        Refused(() => Fill(Pictures, Carousel(good, second with { Buttons = [new(0, "x", null)] })), "cards[1].buttons").ShouldContain("takes nothing");
    }

    [Fact]
    public void ACarouselOfProductsCanBeLongerThanItsTemplate()
    {
        var card = new TemplateFilling(Product, [], []);

        Fill(Products, Carousel([.. Enumerable.Repeat(card, 10)])).Cards!.Count.ShouldBe(10);
        Refused(() => Fill(Products, Carousel(card)), "cards").ShouldContain("takes 2 to 10");
        Refused(() => Fill(Products, Carousel([.. Enumerable.Repeat(card, 11)])), "cards").ShouldContain("takes 2 to 10");
    }

    [Theory]
    [InlineData("FLOW", false)]
    [InlineData("CATALOG", false)]
    [InlineData("MPM", true)]
    [InlineData("ORDER_DETAILS", true)]
    public void AButtonThatOpensSomethingTakesAnAction(string type, bool needed)
    {
        var components = Button(type);
        var action = new JsonObject { ["a"] = "b" };

        var filled = Fill(components, Tapped(new(0, null, action))).Components.ShouldHaveSingleItem();

        filled.Button.ShouldBe(type.ToLowerInvariant());
        filled.Parameters.ShouldHaveSingleItem().ShouldBeOfType<TemplateParameter.Action>().Document.ShouldBe(action);
        Refused(() => Fill(components, Tapped(new(0, "x", null))), "buttons").ShouldContain("takes an action");
        if (needed)
        {
            Refused(() => Fill(components), "buttons").ShouldContain("needs an action");
        }
        else
        {
            Fill(components).Components.ShouldBeEmpty();
        }
    }

    [Fact]
    public void ACallButtonTakesALifetimeAndWhatComesBack()
    {
        var both = Fill(Button("VOICE_CALL"), Tapped(new(0, "from the newsletter", null, 100))).Components.ShouldHaveSingleItem();

        both.Button.ShouldBe("voice_call");
        both.Parameters.ShouldBe([new TemplateParameter.Lifetime(100), new TemplateParameter.Payload("from the newsletter")]);
        Fill(Button("VOICE_CALL"), Tapped(new(0, null, null, 100))).Components[0].Parameters.ShouldBe([new TemplateParameter.Lifetime(100)]);
        Fill(Button("VOICE_CALL")).Components.ShouldBeEmpty();
        Refused(() => Fill(Button("VOICE_CALL"), Tapped(new(0, null, null))), "buttons").ShouldContain("ttlMinutes");
        Refused(() => Fill(Button("QUICK_REPLY"), Tapped(new(0, "x", null, 100))), "buttons").ShouldContain("takes a value");
    }

    [Theory]
    [InlineData("SPM")]
    [InlineData("PHONE_NUMBER")]
    [InlineData("REQUEST_CONTACT_INFO")]
    public void AButtonThatIsAsItIsTakesNothing(string type)
    {
        Fill(Button(type)).Components.ShouldBeEmpty();
        Refused(() => Fill(Button(type), Tapped(new(0, "x", null))), "buttons").ShouldContain("takes nothing");
    }

    [Fact]
    public void AQuestionForPermissionToCallTakesNothing() =>
        Fill("""[{"type":"body","text":"May we call?"},{"type":"call_permission_request"}]""").Body.ShouldBe("May we call?");

    private static string Button(string type) => $$"""[{"type":"BODY","text":"x"},{"type":"BUTTONS","buttons":[{"type":"{{type}}","text":"Go"}]}]""";

    private static TemplateFilling Tapped(TemplateFilling.OfButton button) => new(null, [], [button]);

    private static TemplateFilling Carousel(params TemplateFilling[] cards) => new(null, [], []) { Cards = cards };

    private static string Refused(Func<TemplateContent> fill, string field)
    {
        var refused = Should.Throw<Fault>(() => fill());
        (refused.Code, refused.Field).ShouldBe((FaultCode.TemplateRefused, field));
        refused.NextAction.ShouldNotBeNullOrEmpty();
        return refused.PublicText;
    }

    private static TemplateContent Fill(string components, params string[] values) =>
        Fill(components, new TemplateFilling(null, [.. values.Select(value => new TemplateParameter.Text(value))], []));

    private static TemplateContent Fill(string components, TemplateFilling filling)
    {
        var template = new MessageTemplate
        {
            AccountId = "1",
            Name = "t",
            Language = "en",
            Category = "UTILITY",
            Status = "APPROVED",
            Components = components,
        };
        return FillTemplate.Execute(template, filling, Now);
    }
}
