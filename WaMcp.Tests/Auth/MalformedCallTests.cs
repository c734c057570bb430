using System.Text;
using System.Text.Json;
using WaMcp.Tests.Drivers;

namespace WaMcp.Tests.Auth;

/// <summary>Calls that the gate and the protocol layer could read in two ways, or not at all.</summary>
[Collection(AttackedSystemTests.Name)]
public sealed class MalformedCallTests(Prey prey) : IClassFixture<Prey>
{
    [Theory]
    [InlineData("""{"name":"ping","arguments":[]}""")]
    [InlineData("""{"name":"ping","arguments":"x"}""")]
    [InlineData("""{"name":"ping","arguments":{},"_meta":"x"}""")]
    [InlineData("""{"name":null,"arguments":{}}""")]
    [InlineData("""{"name":5,"arguments":{}}""")]
    [InlineData("""{"name":["ping"],"arguments":{}}""")]
    [InlineData("""{"arguments":{}}""")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("7")]
    public async Task ACallOfTheWrongShapeIsTheCallersMistakeAndNoErrorOfOurs(string parameters)
    {
        var logged = prey.System.Logs.Text.Length;

        var (answer, message) = await CallAsync(prey.Client.Token, parameters);

        answer.Status.ShouldBeLessThan(500, answer.Body);
        message.GetProperty("error").GetProperty("code").GetInt32().ShouldBeOneOf(-32600, -32602);
        prey.System.Logs.Text[logged..].Split('\n').Where(line => line.StartsWith("Error ", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"NAME":"list_channels","arguments":{}}""")]
    [InlineData("""{"Name":"list_channels","arguments":{}}""")]
    [InlineData("""{"name":"ping","Name":"list_channels","arguments":{}}""")]
    [InlineData("""{"Name":"list_channels","name":"ping","arguments":{}}""")]
    public async Task AToolNamedByAWordInAnotherCaseIsRefusedBeforeItIsReached(string parameters)
    {
        var (answer, message) = await CallAsync(prey.PingOnly, parameters);

        answer.Status.ShouldBeOneOf(400, 403);
        message.TryGetProperty("error", out _).ShouldBeTrue(answer.Body);
    }

    [Theory]
    [InlineData("Arguments", "channel")]
    [InlineData("ARGUMENTS", "phoneNumberId")]
    [InlineData("arguments", "Channel")]
    public async Task AChannelNamedByAWordInAnotherCaseIsRefused(string arguments, string channel)
    {
        var (answer, message) = await CallAsync(
            prey.Client.Token, $$$"""{"name":"get_messages","{{{arguments}}}":{"{{{channel}}}":"{{{prey.Foreign.Channel.Name}}}"}}""");

        // Before the tool is reached, by a status; or by the tool, which knows no such word. Never by an error in the middle.
        (answer.Status is 400 or 403 || answer.Body.Contains("\"reason\":\"invalid_input\"", StringComparison.Ordinal)).ShouldBeTrue($"{answer.Status} {answer.Body}");
        message.ToString().ShouldNotContain(prey.ForeignMark);
    }

    [Theory]
    [InlineData("\"\\udc00x\"")]
    [InlineData("\"\\ud800\"")]
    public async Task AnIdThatIsNoTextFailsNothingOfOurs(string id)
    {
        var (answer, _) = await CallAsync(prey.PingOnly, """{"name":"list_channels","arguments":{}}""", id);

        answer.Status.ShouldBeOneOf(400, 403);
    }

    private async Task<(RawHttpAnswer Answer, JsonElement Message)> CallAsync(string token, string parameters, string id = "7")
    {
        var body = $$"""{"jsonrpc":"2.0","id":{{id}},"method":"tools/call","params":{{parameters}}""" + "}";
        var answer = await new RawHttp(prey.System.Server).SendAsync(RawHttp.Post(
            "/mcp", [$"Authorization: Bearer {token}", .. Bodies.Lines("", isStateless: false)], Encoding.UTF8.GetBytes(body)));
        return (answer, answer.Json is { } json ? JsonDocument.Parse(json).RootElement : default);
    }
}
