using WaMcp.Domain;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Templates;

namespace WaMcp.Tests.Templates;

public sealed class FillTemplateTests
{
    [Fact]
    public void NumberedGapsAreFilledByTheirNumbersWhereverTheyStand()
    {
        var filled = Fill("""[{"type":"BODY","text":"{{2}} comes after {{1}}, and {{10}} after {{2}}."}]""", "one", "two", "ten");

        filled.Body.ShouldBe("two comes after one, and ten after two.");
        filled.Components.ShouldHaveSingleItem().Parameters.Cast<TemplateParameter.Text>().Select(text => text.Value).ShouldBe(["one", "two", "ten"]);
    }

    [Theory]
    [InlineData("""[{"type":"BODY","text":"x"},{"type":"CAROUSEL","cards":[]}]""", "CAROUSEL")]
    [InlineData("""[{"type":"LIMITED_TIME_OFFER"},{"type":"BODY","text":"x"}]""", "LIMITED_TIME_OFFER")]
    [InlineData("""[{"type":"BODY","text":"x"},{"type":"BUTTONS","buttons":[{"type":"MPM","text":"See"}]}]""", "MPM")]
    public void ATemplateWithAPartThatNobodyHereCanFillIsRefused(string components, string part)
    {
        var refused = Should.Throw<Fault>(() => Fill(components));

        refused.Code.ShouldBe(FaultCode.TemplateRefused);
        refused.PublicText.ShouldContain(part);
    }

    [Fact]
    public void ABodyThatGrowsTooLongIsRefused()
    {
        const string components = """[{"type":"BODY","text":"{{1}} and {{2}}"}]""";

        Fill(components, new string('x', 1018), "y").Body!.Length.ShouldBe(1024);
        Should.Throw<Fault>(() => Fill(components, new string('x', 1019), "y")).PublicText.ShouldContain("1025 characters");
    }

    private static TemplateContent Fill(string components, params string[] values)
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
        return FillTemplate.Execute(template, new TemplateFilling(null, [.. values.Select(value => new TemplateParameter.Text(value))], []));
    }
}
