using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Media;

namespace WaMcp.Tests.Tools;

/// <summary>Templates with every kind of part that Meta documents, from the tool to the provider; the sandbox of the tests refuses what its contract does not know.</summary>
public sealed partial class TemplateKindsTests(TemplateKindsTests.Shop shop) : IClassFixture<TemplateKindsTests.Shop>
{
    private static readonly Dictionary<string, string> Templates = new()
    {
        ["offer"] =
            """
            [{"type":"header","format":"image"},{"type":"limited_time_offer","limited_time_offer":{"text":"Expiring offer!","has_expiration":true}},
             {"type":"body","text":"Good news, {{1}}!"},
             {"type":"buttons","buttons":[{"type":"copy_code","example":"CARIBE25"},{"type":"url","text":"Book now!","url":"https://a.example/offers?code={{1}}"}]}]
            """,
        ["pictures"] =
            """
            [{"type":"body","text":"{{1}}, look:"},{"type":"carousel","cards":[
                {"components":[{"type":"header","format":"image"},{"type":"body","text":"{{1}} for {{2}}"},
                    {"type":"buttons","buttons":[{"type":"quick_reply","text":"More"},{"type":"url","text":"Shop","url":"https://a.example/{{1}}"}]}]},
                {"components":[{"type":"header","format":"image"},{"type":"body","text":"Only {{1}}"},
                    {"type":"buttons","buttons":[{"type":"quick_reply","text":"More"},{"type":"url","text":"Shop","url":"https://a.example/{{1}}"}]}]}]}]
            """,
        ["films"] =
            """
            [{"type":"body","text":"Look:"},{"type":"carousel","cards":[{"components":[{"type":"header","format":"video"}]},{"components":[{"type":"header","format":"video"}]}]}]
            """,
        ["products"] =
            """
            [{"type":"body","text":"Look:"},{"type":"carousel","cards":[
                {"components":[{"type":"header","format":"product"},{"type":"buttons","buttons":[{"type":"spm","text":"View"}]}]},
                {"components":[{"type":"header","format":"product"},{"type":"buttons","buttons":[{"type":"spm","text":"View"}]}]}]}]
            """,
        ["product"] = """[{"type":"header","format":"product"},{"type":"body","text":"Use code {{1}}"},{"type":"buttons","buttons":[{"type":"spm","text":"View"}]}]""",
        ["basket"] = """[{"type":"header","format":"text","text":"Forget something, {{1}}?"},{"type":"body","text":"Still there"},{"type":"buttons","buttons":[{"type":"mpm","text":"View items"}]}]""",
        ["catalogue"] = """[{"type":"body","text":"All we have"},{"type":"buttons","buttons":[{"type":"catalog","text":"View catalog"}]}]""",
        ["form"] = """[{"type":"body","text":"Sign up"},{"type":"buttons","buttons":[{"type":"flow","text":"Open","flow_id":"1"}]}]""",
        ["call"] = """[{"type":"body","text":"Call us"},{"type":"buttons","buttons":[{"type":"voice_call","text":"Call Now","ttl_minutes":1440},{"type":"url","text":"Support","url":"https://a.example"}]}]""",
        ["may_we_call"] = """[{"type":"body","text":"May we call, {{1}}?"},{"type":"call_permission_request"}]""",
        ["number"] = """[{"type":"body","text":"Your number?"},{"type":"buttons","buttons":[{"type":"REQUEST_CONTACT_INFO"}]}]""",
        ["order"] = """[{"type":"body","text":"Your order"},{"type":"buttons","buttons":[{"type":"order_details","text":"Review and pay"}]}]""",
    };

    private static readonly Dictionary<string, (string Arguments, string Components)> Messages = new()
    {
        ["offer"] = (
            """
            {"header":{"image":{"data":"PNG"}},"body":[{"text":"Ada"}],"limitedTimeOffer":{"expiresAt":"2099-12-24T18:00:00+01:00"},
             "buttons":[{"index":0,"value":"CARIBE25"},{"index":1,"value":"n3mtql"}]}
            """,
            """
            [{"type":"header","parameters":[{"type":"image","image":{"id":"FILE"}}]},{"type":"body","parameters":[{"type":"text","text":"Ada"}]},
             {"type":"limited_time_offer","parameters":[{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":4101814800000}}]},
             {"type":"button","sub_type":"copy_code","index":"0","parameters":[{"type":"coupon_code","coupon_code":"CARIBE25"}]},
             {"type":"button","sub_type":"url","index":"1","parameters":[{"type":"text","text":"n3mtql"}]}]
            """),
        ["pictures"] = (
            """
            {"body":[{"text":"Ada"}],"cards":[
                {"header":{"image":{"data":"PNG"}},"body":[{"text":"Blue Elf"},{"currency":{"code":"EUR","thousandths":9990,"text":"€9.99"}}],"buttons":[{"index":0,"value":"more-aloes"},{"index":1,"value":"blue-elf"}]},
                {"header":{"image":{"data":"JPEG"}},"body":[{"text":"one"}],"buttons":[{"index":1,"value":"buddha"}]}]}
            """,
            """
            [{"type":"body","parameters":[{"type":"text","text":"Ada"}]},{"type":"carousel","cards":[
                {"card_index":0,"components":[{"type":"header","parameters":[{"type":"image","image":{"id":"FILE"}}]},
                    {"type":"body","parameters":[{"type":"text","text":"Blue Elf"},{"type":"currency","currency":{"fallback_value":"€9.99","code":"EUR","amount_1000":9990}}]},
                    {"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"more-aloes"}]},
                    {"type":"button","sub_type":"url","index":"1","parameters":[{"type":"text","text":"blue-elf"}]}]},
                {"card_index":1,"components":[{"type":"header","parameters":[{"type":"image","image":{"id":"FILE"}}]},
                    {"type":"body","parameters":[{"type":"text","text":"one"}]},
                    {"type":"button","sub_type":"url","index":"1","parameters":[{"type":"text","text":"buddha"}]}]}]}]
            """),
        ["films"] = (
            """{"cards":[{"header":{"video":{"data":"MP4"}}},{"header":{"video":{"data":"MP4"}}}]}""",
            """
            [{"type":"carousel","cards":[{"card_index":0,"components":[{"type":"header","parameters":[{"type":"video","video":{"id":"FILE"}}]}]},
                {"card_index":1,"components":[{"type":"header","parameters":[{"type":"video","video":{"id":"FILE"}}]}]}]}]
            """),
        ["products"] = (
            """
            {"cards":[{"header":{"product":{"retailerId":"a","catalogId":"194836987003835"}}},{"header":{"product":{"retailerId":"b","catalogId":"194836987003835"}}},
                {"header":{"product":{"retailerId":"c","catalogId":"194836987003835"}}}]}
            """,
            """
            [{"type":"carousel","cards":[
                {"card_index":0,"components":[{"type":"header","parameters":[{"type":"product","product":{"product_retailer_id":"a","catalog_id":"194836987003835"}}]}]},
                {"card_index":1,"components":[{"type":"header","parameters":[{"type":"product","product":{"product_retailer_id":"b","catalog_id":"194836987003835"}}]}]},
                {"card_index":2,"components":[{"type":"header","parameters":[{"type":"product","product":{"product_retailer_id":"c","catalog_id":"194836987003835"}}]}]}]}]
            """),
        ["product"] = (
            """{"header":{"product":{"retailerId":"a","catalogId":"194836987003835"}},"body":[{"text":"25OFF"}]}""",
            """
            [{"type":"header","parameters":[{"type":"product","product":{"product_retailer_id":"a","catalog_id":"194836987003835"}}]},
             {"type":"body","parameters":[{"type":"text","text":"25OFF"}]}]
            """),
        ["basket"] = (
            """
            {"header":{"text":"Ada"},"buttons":[{"index":0,"action":{"thumbnail_product_retailer_id":"a","sections":[
                {"title":"Bundles","product_items":[{"product_retailer_id":"a"},{"product_retailer_id":"b"}]},{"title":"Premium","product_items":[{"product_retailer_id":"c"}]}]}}]}
            """,
            """
            [{"type":"header","parameters":[{"type":"text","text":"Ada"}]},{"type":"button","sub_type":"mpm","index":"0","parameters":[{"type":"action","action":{
                "thumbnail_product_retailer_id":"a","sections":[{"title":"Bundles","product_items":[{"product_retailer_id":"a"},{"product_retailer_id":"b"}]},
                {"title":"Premium","product_items":[{"product_retailer_id":"c"}]}]}}]}]
            """),
        ["catalogue"] = (
            """{"buttons":[{"index":0,"action":{"thumbnail_product_retailer_id":"a"}}]}""",
            """[{"type":"button","sub_type":"catalog","index":"0","parameters":[{"type":"action","action":{"thumbnail_product_retailer_id":"a"}}]}]"""),
        ["form"] = (
            """{"buttons":[{"index":0,"action":{"flow_token":"t","flow_action_data":{"guests":2}}}]}""",
            """[{"type":"button","sub_type":"flow","index":"0","parameters":[{"type":"action","action":{"flow_token":"t","flow_action_data":{"guests":2}}}]}]"""),
        ["call"] = (
            """{"buttons":[{"index":0,"value":"newsletter","ttlMinutes":100}]}""",
            """[{"type":"button","sub_type":"voice_call","index":"0","parameters":[{"type":"ttl_minutes","ttl_minutes":100},{"type":"payload","payload":"newsletter"}]}]"""),
        ["may_we_call"] = ("""{"body":[{"text":"Ada"}]}""", """[{"type":"body","parameters":[{"type":"text","text":"Ada"}]}]"""),
        ["number"] = ("{}", "[]"),
        ["order"] = (
            """{"buttons":[{"index":0,"action":{"order_details":{"reference_id":"A-1","currency":"INR"}}}]}""",
            """[{"type":"button","sub_type":"order_details","index":"0","parameters":[{"type":"action","action":{"order_details":{"reference_id":"A-1","currency":"INR"}}}]}]"""),
    };

    private readonly WaMcpSystem system = shop.System;

    public static TheoryData<string> Kinds => [.. Templates.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task ATemplateOfEveryKindReachesTheProviderAsItsGuideHasIt(string kind)
    {
        var talk = await Talk.BeginAsync(system);
        var arguments = Arguments(kind);

        var dry = (await talk.SendAsync("send_template", Arguments(kind, """{"dryRun":true}"""))).GetProperty("dryRun").GetProperty("wouldSend");
        var sent = (await talk.SendAsync("send_template", arguments)).GetProperty("messageId").GetString()!;

        MetaContract.FaultsOfMessage(dry).ShouldBeEmpty();
        await MessageTests.StateAsync(talk.Mcp, sent, "read");
        var template = JsonObject.Create((await system.Sandbox.SendsToAsync(sent)).ShouldHaveSingleItem().GetProperty("body").GetProperty("template"))!;
        var written = JsonNode.Parse(ProviderId().Replace(template["components"]?.ToJsonString() ?? "[]", "\"id\":\"FILE\""));
        JsonNode.DeepEquals(written, JsonNode.Parse(Messages[kind].Components)).ShouldBeTrue(written!.ToJsonString());
    }

    [Fact]
    public async Task EachCardHasItsOwnFileAndAllOfThemBelongToTheMessage()
    {
        var talk = await Talk.BeginAsync(system);

        var sent = await talk.SendAsync("send_template", Arguments("pictures"));

        var files = sent.GetProperty("mediaIds").EnumerateArray().Select(file => file.GetString()).ToList();
        files.Distinct().Count().ShouldBe(2);
        var id = sent.GetProperty("messageId").GetString()!;
        var read = await MessageTests.StateAsync(talk.Mcp, id, "read");
        read.GetProperty("text").GetString().ShouldBe("Ada, look:\nBlue Elf for €9.99\n[More] [Shop]\nOnly one\n[More] [Shop]");
        var cards = (await system.Sandbox.SendsToAsync(id)).ShouldHaveSingleItem().GetProperty("body").GetProperty("template").GetProperty("components")[1].GetProperty("cards");
        var ofCards = cards.EnumerateArray()
            .Select(card => card.GetProperty("components")[0].GetProperty("parameters")[0].GetProperty("image").GetProperty("id").GetString()!).ToList();
        foreach (var (theirs, type) in ofCards.Zip(new[] { "image/png", "image/jpeg" }))
        {
            (await system.QueryAsync<string>(
                "SELECT o.mime_type FROM media_uploads u JOIN media_objects o ON o.id = u.media_id WHERE u.provider_media_id = $1", theirs)).ShouldBe(type);
        }
    }

    [Fact]
    public async Task TheListSaysWhatEachKindNeeds()
    {
        var talk = await Talk.BeginAsync(system);
        var listed = (await talk.Mcp.ResultAsync("list_templates", new { channel = talk.Channel })).GetProperty("templates").EnumerateArray()
            .Where(template => Templates.ContainsKey(template.GetProperty("name").GetString()!))
            .ToDictionary(template => template.GetProperty("name").GetString()!);

        listed.Keys.ShouldBe(Templates.Keys, ignoreOrder: true);
        listed.Values.Where(template => template.TryGetProperty("unfillable", out _)).ShouldBeEmpty();
        Needs(listed["offer"]).ShouldBe("""{"header":"image","body":["1"],"named":false,"buttons":[0,1],"limitedTimeOffer":true}""");
        listed["offer"].GetProperty("offer").GetString().ShouldBe("Expiring offer!");
        Needs(listed["pictures"]).ShouldBe("""{"body":["1"],"named":false,"buttons":[],"cards":{"least":2,"most":2}}""");
        listed["pictures"].GetProperty("cards").EnumerateArray().Select(Needs).ShouldBe(
            ["""{"header":"image","body":["1","2"],"buttons":[1]}""", """{"header":"image","body":["1"],"buttons":[1]}"""]);
        Needs(listed["products"]).ShouldBe("""{"body":[],"named":false,"buttons":[],"cards":{"least":2,"most":10}}""");
        Needs(listed["product"]).ShouldBe("""{"header":"product","body":["1"],"named":false,"buttons":[]}""");
        Needs(listed["basket"]).ShouldBe("""{"header":"text","body":[],"named":false,"buttons":[0]}""");
        Takes("basket").ShouldContain("product_items");
        Takes("call").ShouldContain("ttlMinutes");
        listed["number"].GetProperty("buttons")[0].TryGetProperty("takes", out _).ShouldBeFalse();

        static string Needs(JsonElement item) => item.GetProperty("needs").GetRawText();

        string Takes(string name) => listed[name].GetProperty("buttons")[0].GetProperty("takes").GetString()!;
    }

    public static TheoryData<string, string, string, string> Mistakes => new()
    {
        { "offer", """{"limitedTimeOffer":null}""", "limitedTimeOffer", "needs the time when its offer ends" },
        { "offer", """{"limitedTimeOffer":{"expiresAt":"2020-01-01T00:00:00Z"}}""", "limitedTimeOffer.expiresAt", "must be in the future" },
        { "product", """{"limitedTimeOffer":{"expiresAt":"2099-01-01T00:00:00Z"}}""", "limitedTimeOffer", "takes none" },
        { "product", """{"cards":[{}]}""", "cards", "takes none" },
        { "product", """{"header":null}""", "header", "needs product" },
        { "product", """{"buttons":[{"index":0,"value":"x"}]}""", "buttons", "('View', SPM) takes nothing" },
        { "films", """{"cards":null}""", "cards", "has 0 cards; the template takes 2." },
        { "films", """{"cards":[{"header":{"video":{"data":"MP4"}}},{"header":{"image":{"data":"PNG"}}}]}""", "cards[1].header", "the card needs video, and image is given" },
        { "films", """{"cards":[{"header":{"video":{"data":"MP4"}}},{"header":{"video":{"data":"MP4"}},"body":[{"text":"x"}]}]}""", "cards[1].body", "the card has 0 gaps" },
        { "products", """{"cards":[{"header":{"product":{"retailerId":"a","catalogId":"1"}}}]}""", "cards", "takes 2 to 10" },
        { "basket", """{"buttons":null}""", "buttons", "needs an action" },
        { "basket", """{"buttons":[{"index":0,"value":"x"}]}""", "buttons", "takes an action" },
        { "call", """{"buttons":[{"index":0,"action":{}}]}""", "buttons", "takes a value, ttlMinutes or both" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task WhatIsMissingOrTooMuchOrOverIsRefusedWithTheField(string kind, string change, string field, string sentence)
    {
        var talk = await Talk.BeginAsync(system);

        var refused = await talk.TryAsync("send_template", Arguments(kind, change));

        refused.Reason.ShouldBe("template_refused", refused.ToString());
        refused.Structured.GetProperty("field").GetString().ShouldBe(field);
        refused.Structured.GetProperty("message").GetString()!.ShouldContain(sentence);
        (await SentAsync(talk)).ShouldBe(0);
    }

    [Theory]
    [InlineData("films", """{"cards":[{"header":{"video":{"data":"MP4"}}},{"header":{"video":{"data":"PNG"}}}]}""", "cards[1].header.video.data")]
    [InlineData("pictures", """{"cards":[{"header":{"image":{"data":"PNG"},"video":{"data":"MP4"}}},{}]}""", "cards[0].header")]
    [InlineData("call", """{"buttons":[{"index":0,"ttlMinutes":43201}]}""", "buttons[0].ttlMinutes")]
    [InlineData("order", """{"buttons":[{"index":0,"action":{"reference_id":"A-1"}}]}""", "buttons[0].action.order_details")]
    [InlineData("products", """{"cards":[{"header":{"product":{"retailerId":"","catalogId":"1"}}},{"header":{"product":{"retailerId":"a","catalogId":"1"}}}]}""", "cards[0].header.product.retailerId")]
    public async Task WhatCannotBeSentAtAllIsRefusedWithTheField(string kind, string change, string field)
    {
        var talk = await Talk.BeginAsync(system);

        var refused = await talk.TryAsync("send_template", Arguments(kind, change));

        refused.Reason.ShouldBe("invalid_input", refused.ToString());
        refused.Structured.GetProperty("field").GetString().ShouldBe(field);
        (await SentAsync(talk)).ShouldBe(0);
    }

    [Fact]
    public async Task AFileOfSomebodyElseIsInNoCard()
    {
        var (talk, other) = (await Talk.BeginAsync(system), await Talk.BeginAsync(system));
        var theirs = (await other.SendAsync("send_template", Arguments("films"))).GetProperty("mediaIds")[0].GetString();
        var cards = """{"cards":[{"header":{"video":{"data":"MP4"}}},{"header":{"video":{"mediaId":"THEIRS"}}}]}""".Replace("THEIRS", theirs, StringComparison.Ordinal);

        (await talk.TryAsync("send_template", Arguments("films", cards))).Reason.ShouldBe("not_found");
        (await other.TryAsync("send_template", Arguments("films", cards))).IsError.ShouldBeFalse();
    }

    private Task<long> SentAsync(Talk talk) => system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1 AND direction = 'Outbound'", talk.Client.Client.Id.Value);

    // What is right, with some of it changed; what is changed to null is left out.
    private static JsonObject Arguments(string kind, string changes = "{}")
    {
        var arguments = JsonNode.Parse(Messages[kind].Arguments)!.AsObject();
        arguments["name"] = kind;
        foreach (var (name, value) in JsonNode.Parse(changes)!.AsObject())
        {
            arguments.Remove(name);
            if (value is not null)
            {
                arguments[name] = value.DeepClone();
            }
        }

        return JsonNode.Parse(arguments.ToJsonString()
            .Replace("\"PNG\"", $"\"{Convert.ToBase64String(FilesOf.Png)}\"", StringComparison.Ordinal)
            .Replace("\"JPEG\"", $"\"{Convert.ToBase64String(FilesOf.Jpeg)}\"", StringComparison.Ordinal)
            .Replace("\"MP4\"", $"\"{Convert.ToBase64String(FilesOf.Mp4)}\"", StringComparison.Ordinal))!.AsObject();
    }

    [GeneratedRegex("\"id\":\"[0-9]+\"")]
    private static partial Regex ProviderId();

    /// <summary>A system whose account has a template of every kind.</summary>
    public sealed class Shop : IAsyncLifetime
    {
        internal WaMcpSystem System { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            System = await WaMcpSystem.StartAsync();
            System.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TestSecrets.AccessToken);
            foreach (var (name, components) in Templates)
            {
                using var created = await System.Http.PostAsJsonAsync(
                    new Uri(System.SandboxAddress, "/v25.0/200000000000001/message_templates"),
                    new { name, language = "en_US", category = "MARKETING", components = JsonNode.Parse(components) });
                created.EnsureSuccessStatusCode();
                await System.Sandbox.DecideAsync(name, "APPROVED");
            }
        }

        public Task DisposeAsync() => System.DisposeAsync().AsTask();
    }
}
