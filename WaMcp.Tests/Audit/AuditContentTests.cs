using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using WaMcp.Domain.Audit;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Audit;

/// <summary>What stands in the audit log after everything that there is has happened, and what does not.</summary>
public sealed partial class AuditContentTests
{
    private const string Customer = "15550177231";
    private const string Email = "grace.hopper@navy.example";

    [Fact]
    public async Task NoTextPhoneNumberTokenOrEmailOfTheTestDataIsInIt()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var mark = $"mark{Guid.NewGuid():N}";
        var client = await system.Console.OnboardAsync(dailyCap: 3, rpm: 30);
        var (_, pingOnly) = await system.Console.MintAsync(client.Client, ["tools:ping"]);
        var agent = $"agent of {Email} +{Customer} {client.Token}";
        var mcp = system.Mcp(client.Token, agent);
        string to = $"+1 (555) 017-{Customer[^4..]}";

        // Sent, refused by the provider, over the cap, received, denied, limited, unknown, and what is no call at all.
        await system.Sandbox.WriteAsync($"{mark} from outside, write to {Email}", Customer, name: $"Grace {mark}");
        await mcp.ResultAsync("send_message", new { channel = client.Channel.Name, to, text = $"{mark} {Email}" });
        // Not by asking with the key, whose calls are counted.
        await Eventually.TrueAsync("it is read", async () => await system.QueryAsync<string>(
            "SELECT state FROM messages WHERE client_id = $1 AND direction = 'Outbound'", client.Client.Id.Value) == "Read");
        await system.Sandbox.FaultAsync(new JsonObject { ["match"] = new JsonObject { ["to"] = Customer }, ["code"] = 131026, ["count"] = 1 });
        foreach (var text in new[] { "refused", "second", "third", "over the cap" })
        {
            await mcp.CallAsync("send_message", new { channel = client.Channel.Name, to, text = $"{mark} {text}" });
        }

        await mcp.CallAsync("send_message", new { channel = (await system.Console.ChannelAsync(Drivers.ConsoleDriver.SalesNumber)).Name, to, text = mark });
        await mcp.CallAsync("send_message", new { channel = Customer, to, text = mark, idempotencyKey = Email });
        await mcp.CallAsync($"{mark}_{Customer}", new { text = mark });
        await mcp.CallAsync("get_messages", new { channel = client.Channel.Name, conversation = to });
        await system.Mcp(pingOnly, agent).CallAsync("send_message", new { channel = client.Channel.Name, to, text = mark });
        await system.Mcp($"{client.Token[..^1]}7", agent).CallAsync("ping", new { text = mark });
        await system.Mcp(Email, agent).CallAsync("ping");
        for (var call = 0; call < 30; call++)
        {
            await mcp.CallAsync("ping", new { text = mark });
        }

        using (var refused = await system.Http.PostAsync(new Uri(system.Server, "/webhooks/whatsapp"), new StringContent($"{{\"{mark}\":\"{Customer}\"}}")))
        {
            ((int)refused.StatusCode).ShouldBe(401);
        }

        string[] actions =
        [
            AuditAction.AuthFailed, AuditAction.KeyUsed, AuditAction.ToolCalled, AuditAction.ScopeDenied, AuditAction.RateLimited, AuditAction.SendAttempt,
            AuditAction.SendSuccess, AuditAction.SendFailed, AuditAction.WebhookReceived, AuditAction.WebhookRefused, AuditAction.WebhookProcessed,
        ];
        await Eventually.GetAsync(
            "rows of every action",
            async () => actions.Except((await system.QueryAsync<string[]>("SELECT array_agg(DISTINCT action) FROM audit_log"))!).ToArray(),
            missing => missing.Length == 0);

        // The question that whoever accepts the system asks.
        var ofClient = await system.QueryAsync<string[]>(
            "SELECT array_agg(action) FROM (SELECT action, count(*) FROM audit_log WHERE client_id = $1 AND ts > now() - '1 hour'::interval GROUP BY 1) AS asked",
            client.Client.Id.Value);
        new[]
        {
            AuditAction.KeyUsed, AuditAction.ToolCalled, AuditAction.ScopeDenied, AuditAction.GrantDenied, AuditAction.RateLimited, AuditAction.SendAttempt,
            AuditAction.SendSuccess, AuditAction.SendFailed, AuditAction.AuthFailed,
        }.ShouldBeSubsetOf(ofClient!);
        var dump = (await system.QueryAsync<string>("SELECT string_agg(row::text, E'\\n' ORDER BY id) FROM audit_log row"))!;

        // Also in the form that providers' ids have.
        var hidden = string.Join('\n', Base64Like().Matches(dump).Select(match => Decoded(match.Value)));
        foreach (var secret in new[]
        {
            mark, Customer, Customer[1..], "555) 017", Email, "navy.example", client.Token, client.Token[^28..], pingOnly[^28..],
            TestSecrets.AccessToken, TestSecrets.AppSecret, "5550100001",
        })
        {
            dump.ShouldNotContain(secret);
            hidden.ShouldNotContain(secret);
        }

        dump.ShouldContain("agent of (e-mail) (number) wamcp_live_");
    }

    [Fact]
    public void ThePageListsEveryAction()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "architecture", "audit.md"));
        AuditAction.All.Where(action => !page.Contains($"`{action}`", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    private static string Decoded(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text[..(text.Length / 4 * 4)], bytes, out var length) ? Encoding.Latin1.GetString(bytes, 0, length) : "";
    }

    [GeneratedRegex("[A-Za-z0-9+/]{12,}=*")]
    private static partial Regex Base64Like();
}
