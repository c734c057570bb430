using System.Text.Json;
using Microsoft.Playwright;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Sandbox;
using WaMcp.Tests.Tools;
using static Microsoft.Playwright.Assertions;

namespace WaMcp.Tests.AppHost;

/// <summary>What a newcomer does with the running system: console, agent, the customer's phone, the dashboard.</summary>
[Collection(nameof(AppHostCollection))]
public sealed class EndToEndTests(AppHostFixture system, PhonePageTests.Browser browser) : IClassFixture<PhonePageTests.Browser>
{
    [Fact]
    public async Task FromTheConsoleOverTheAgentToTheCustomersPhoneAndBack()
    {
        var token = await OnboardAsync();
        var mcp = new McpDriver(new Uri($"{system.ServerUrl}/mcp"), token);
        await using var client = await mcp.ConnectAsync();
        (await client.ListToolsAsync()).Select(tool => tool.Name).ShouldBe(["get_message", "get_messages", "list_channels", "ping", "send_message"]);
        (await client.CallToolAsync("ping")).IsError.ShouldNotBe(true);

        var page = await browser.Instance.NewPageAsync();
        await page.GotoAsync(system.SandboxUrl);
        var text = $"Your parcel is here {Guid.NewGuid():N}";
        var sent = await client.CallToolAsync(
            "send_message", new Dictionary<string, object?> { ["channel"] = "support", ["to"] = "+1 555 010 0100", ["text"] = text });
        var id = sent.StructuredContent!.Value.GetProperty("messageId").GetString()!;
        await MessageTests.StateAsync(mcp, id, "read");
        // Statuses come in any order; each leaves its time.
        await Eventually.TrueAsync("every status has come", async () => (await mcp.ResultAsync("get_message", new { messageId = id }))
            .EnumerateObject().Select(member => member.Name).Intersect(["sentAt", "deliveredAt", "readAt"]).Count() == 3);
        await Expect(page.GetByTestId("bubble-text").Filter(new LocatorFilterOptions { HasText = text })).ToBeVisibleAsync();

        var answer = $"Wonderful {Guid.NewGuid():N}";
        await page.GetByTestId("message-input").FillAsync(answer);
        await page.GetByTestId("send-button").ClickAsync();
        await Eventually.TrueAsync("the answer is read", async () =>
            (await mcp.ResultAsync("get_messages", new { channel = "support" })).ToString().Contains(answer, StringComparison.Ordinal));
        await page.CloseAsync();

        await OneTraceRunsFromTheCallToTheStatusAsync(id);
    }

    private async Task<string> OnboardAsync()
    {
        await AdminAsync("clients", "create", "--name", "acme", "--display-name", "Acme");
        await AdminAsync("channels", "add", "--name", "support", "--phone-number-id", "100000000000001", "--display-phone", "+1 555 010 0001");
        const string tools = "ping,list_channels,send_message,get_message,get_messages";
        await AdminAsync("grants", "add", "--client", "acme", "--phone", "support", "--tools", tools);
        var scopes = string.Join(',', tools.Split(',').Select(tool => $"tools:{tool}").Append("numbers:support"));
        var (output, errors) = await AdminAsync("keys", "mint", "--client", "acme", "--label", "laptop", "--scopes", scopes, "--rpm", "10000");
        output.ShouldStartWith("key_");
        output.ShouldNotContain("wamcp_live_");
        return errors.Split([' ', '\n']).Single(word => word.StartsWith("wamcp_live_", StringComparison.Ordinal)).Trim();
    }

    private async Task<(string Output, string Errors)> AdminAsync(params string[] arguments)
    {
        var (exitCode, output, errors) = await system.AdminAsync(arguments);
        exitCode.ShouldBe(0, errors);
        return (output, errors);
    }

    // Aspire's testing builder leaves the dashboard out; everywhere else it is there, and the trace must be in it.
    private async Task OneTraceRunsFromTheCallToTheStatusAsync(string messageId)
    {
        if (system.DashboardUrl is null)
        {
            return;
        }

        await Eventually.TrueAsync(
            "one trace from tool call to status in the dashboard",
            async () =>
            {
                var spans = Spans(JsonDocument.Parse(await system.TracesAsync()).RootElement).ToList();
                var status = spans.FirstOrDefault(span => Name(span) == "message Read" && span.GetRawText().Contains(messageId, StringComparison.Ordinal));
                if (status.ValueKind != JsonValueKind.Object)
                {
                    return false;
                }

                var trace = status.GetProperty("traceId").GetString();
                var names = spans.Where(span => span.GetProperty("traceId").GetString() == trace).Select(Name).ToList();
                return names.Any(name => name.Contains("send_message", StringComparison.Ordinal))
                    && names.Contains("job Deliver")
                    && names.Contains("POST") // the provider call
                    && names.Contains("message Delivered");
            });
    }

    private static string Name(JsonElement span) => span.GetProperty("name").GetString()!;

    // OTLP nests resources, scopes and spans; all that matters here is every object that has a traceId.
    private static IEnumerable<JsonElement> Spans(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object when element.TryGetProperty("traceId", out _) && element.TryGetProperty("name", out _) => [element],
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => Spans(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Spans),
        _ => [],
    };
}
