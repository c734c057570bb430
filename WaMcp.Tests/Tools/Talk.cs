using System.Security.Cryptography;
using System.Text.Json;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Tools;

/// <summary>A client, and a person of its own whom it talks to.</summary>
internal sealed record Talk(WaMcpSystem System, TestClient Client, McpDriver Mcp, string Phone)
{
    public string Channel => Client.Channel.Name;

    /// <summary>With a person who never wrote.</summary>
    public static async Task<Talk> BeginAsync(WaMcpSystem system, int? dailyCap = null, int? daily = null)
    {
        var client = await system.Console.OnboardAsync(dailyCap: dailyCap, daily: daily, rpm: 100_000);
        return new Talk(system, client, system.Mcp(client.Token), $"1555{RandomNumberGenerator.GetInt32(1_000_000, 10_000_000)}");
    }

    /// <summary>With a person who wrote: anything can be sent to them.</summary>
    public static async Task<Talk> OpenAsync(WaMcpSystem system, int? dailyCap = null, int? daily = null)
    {
        var talk = await BeginAsync(system, dailyCap, daily);
        await talk.HearAsync();
        return talk;
    }

    /// <summary>The person writes; the id of the message.</summary>
    public async Task<string> HearAsync(string? text = null)
    {
        text ??= $"hello {Guid.NewGuid():N}";
        await System.Sandbox.WriteAsync(text, Phone);
        return (await MessageTests.InboundAsync(Mcp, Client, text)).GetProperty("id").GetString()!;
    }

    /// <summary>What the person wrote was so long ago.</summary>
    public Task LetPassAsync(TimeSpan time) => System.QueryAsync<object>(
        "UPDATE conversations SET last_inbound_at = now() - $2 WHERE client_id = $1", Client.Client.Id.Value, time);

    /// <summary>The person wants no more marketing.</summary>
    public Task StopMarketingAsync() => System.QueryAsync<object>(
        "UPDATE contacts SET marketing_stopped_at = now() WHERE client_id = $1", Client.Client.Id.Value);

    public Task<JsonElement> SendAsync(string tool, object arguments) => Mcp.ResultAsync(tool, With(arguments));

    public Task<RawAnswer> TryAsync(string tool, object arguments) => Mcp.CallAsync(tool, With(arguments));

    /// <summary>The rows that this client has of this person and of what it sends; others write to the number as well.</summary>
    public Task<string?> RowsAsync() => System.QueryAsync<string>(
        """
        SELECT concat_ws(' ', (SELECT count(*) FROM messages WHERE client_id = $1 AND direction = 'Outbound'),
            (SELECT string_agg(concat(c::text, v::text), '') FROM contacts c LEFT JOIN conversations v ON v.contact_id = c.id
             WHERE c.client_id = $1 AND c.phone = $3),
            (SELECT count(*) FROM jobs WHERE client_id = $1 AND kind = 'Deliver'),
            (SELECT count(*) FROM idempotency_keys WHERE client_id = $1), (SELECT count(*) FROM rate_limit_buckets WHERE subject LIKE 'daily:' || $2 || '%'))
        """,
        Client.Client.Id.Value,
        Client.Client.Id.ToString(),
        Phone);

    private Dictionary<string, object?> With(object arguments)
    {
        var all = JsonSerializer.SerializeToElement(arguments).EnumerateObject().ToDictionary(member => member.Name, member => (object?)member.Value);
        all.TryAdd("channel", Channel);
        if (!all.ContainsKey("messageId"))
        {
            all.TryAdd("to", Phone);
        }

        return all;
    }
}
