using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using WaMcp.Domain;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Channels.WhatsApp;
using WaMcp.Domain.Data;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;
using WaMcp.Tests.Infrastructure;
using Xunit.Abstractions;

namespace WaMcp.Tests.Messages;

/// <summary>What can be said: kept without loss, held to its limits, and written as Meta's contract wants it.</summary>
public sealed class MessageContentTests(ITestOutputHelper output)
{
    private static readonly Dictionary<MediaObjectId, string> Uploaded = new() { [Contents.File] = "1234567890" };

    public static TheoryData<string> Kinds => [.. Contents.All().Select(each => each.Name)];

    public static TheoryData<int> Breaches => [.. Enumerable.Range(0, Contents.OneOver().Count())];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AMessageAtItsLimitsIsTakenKeptWithoutLossAndFitsTheContract(string kind)
    {
        var content = Contents.All().Single(each => each.Name == kind).Content;
        content.Check();

        var kept = MessageContent.TryFromJson(content.ToJson()).ShouldNotBeNull();
        kept.ToJson().ShouldBe(content.ToJson());
        kept.Media.ShouldBe(content.Media);
        kept.Body.ShouldBe(content.Body);

        foreach (var recipient in new[] { new Recipient(null, "15550100100"), new Recipient("US.13491208655302741918", null), new Recipient("DE.ENT.1", "15550100100") })
        {
            var document = Channel().Describe(recipient, kept, TypedId.New<MessageId>(), Uploaded);
            MetaContract.FaultsOfMessage(JsonElement.Parse(document.ToJsonString())).ShouldBeEmpty(document.ToJsonString());
        }

        output.WriteLine(MetaContract.Document is null ? "Not held against the contract: this machine has none." : "Held against Meta's contract.");
    }

    [Theory]
    [MemberData(nameof(Breaches))]
    public void OneOverALimitIsRefusedWithTheFieldAndTheLimit(int number)
    {
        var (field, limit, content) = Contents.OneOver().ElementAt(number);

        var fault = Should.Throw<Fault>(content.Check);

        fault.Code.ShouldBe(FaultCode.InvalidInput);
        fault.Field.ShouldBe(field);
        fault.PublicText.ShouldStartWith(field);
        fault.PublicText.ShouldContain(limit);
    }

    [Fact]
    public void LengthsAreCountedInCharactersAsPeopleCountThem() => new TextContent(string.Concat(Enumerable.Repeat("😀", 4096))).Check();

    [Fact]
    public void MetasOwnExamplesFitTheCorrectedContractAndBrokenOnesDoNot()
    {
        if (MetaContract.Document is not { } document)
        {
            output.WriteLine("Nothing was checked: this machine has no contract.");
            return;
        }

        // What Meta's examples leave out or write otherwise than its own schemas: recipient_type, policy, numbers as text, and newer kinds.
        string[] loose = ["Send Order Details Message", "Send Order Status Message", "Send Catalog Template Message", "Send Multi-Product Message"];
        var examples = document.RequestExamples("/{Version}/{Phone-Number-ID}/messages", "post")
            .Where(example => !loose.Contains(example.Name)
                && (example.Value["status"] is not null || (example.Value["recipient_type"] is not null && example.Value["type"] is not null))
                && example.Value["template"] is null && example.Value["location"] is null)
            .ToList();
        examples.Count.ShouldBeGreaterThan(25);
        foreach (var (name, value) in examples)
        {
            MetaContract.FaultsOfMessage(JsonElement.Parse(value.ToJsonString())).ShouldBeEmpty(name);
        }

        foreach (var broken in new[]
        {
            """{"messaging_product":"whatsapp","recipient_type":"individual","type":"text","text":{"body":"x"}}""",
            """{"messaging_product":"whatsapp","recipient_type":"individual","to":"1","type":"text","text":{"body":"x","colour":"red"}}""",
            """{"messaging_product":"whatsapp","recipient_type":"individual","to":"1","type":"text","text":{"body":"x"},"idempotency_key":"x"}""",
            """{"messaging_product":"whatsapp","recipient_type":"individual","to":"1","type":"interactive","interactive":{"type":"button","body":{"text":"x"},"action":{"buttons":[]}}}""",
            """{"messaging_product":"whatsapp","recipient_type":"individual","to":"1","type":"template","template":{"name":"x","language":{"policy":"deterministic","code":"de"},"components":[{"type":"button","sub_type":"url","index":"10","parameters":[{"type":"text","text":"x"}]}]}}""",
            """{"messaging_product":"whatsapp","recipient_type":"individual","to":"1","type":"template","template":{"name":"x","language":{"policy":"deterministic","code":"de"},"components":[{"type":"body","parameters":[{"type":"text"}]}]}}""",
            """{"messaging_product":"whatsapp","status":"read"}""",
        })
        {
            MetaContract.FaultsOfMessage(JsonElement.Parse(broken)).ShouldNotBeEmpty(broken);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AReadReceiptFitsTheContract(bool typing) =>
        MetaContract.FaultsOfMessage(JsonElement.Parse(WhatsAppDocument.Read("wamid.X", typing).ToJsonString())).ShouldBeEmpty();

    [Fact]
    public void ACodeGoesToTheNumberAlsoWhenThePersonsIdIsKnown()
    {
        var code = new TemplateContent("login_code", "en_US", MessageCategory.Authentication, []);
        var document = Channel().Describe(new Recipient("US.1", "15550100100"), code, TypedId.New<MessageId>(), Uploaded);
        document["to"]!.GetValue<string>().ShouldBe("+15550100100");
        document.ContainsKey("recipient").ShouldBeFalse();
    }

    private static WhatsAppChannel Channel() => new(
        new HttpClient(),
        new WhatsAppCredentials(new ConfigurationBuilder().Build(), new SecretBox(new ConfigurationBuilder().AddInMemoryCollection(TestSecrets.Settings).Build())),
        Options.Create(new WhatsAppOptions()),
        TimeProvider.System,
        new WhatsAppFiles(new GuardedHttp(new FetchRoute()), Options.Create(new WhatsAppOptions())));
}
