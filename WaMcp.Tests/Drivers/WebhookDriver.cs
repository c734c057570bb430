using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Drivers;

/// <summary>Delivers webhooks as Meta does: for kinds and orders that the sandbox does not bring about.</summary>
internal sealed class WebhookDriver(WaMcpSystem system)
{
    public const string Account = "200000000000001";

    private static long last = 1_790_000_000;

    /// <summary>A moment after all that were asked for before, in whole seconds.</summary>
    public static DateTimeOffset Moment() => DateTimeOffset.FromUnixTimeSeconds(Interlocked.Increment(ref last));

    public static string Wamid() => $"wamid.{Guid.NewGuid():N}";

    public static string User() => $"US.{RandomNumberGenerator.GetHexString(20)}";

    public static string Phone() => $"1555{RandomNumberGenerator.GetInt32(1_000_000, 10_000_000)}";

    /// <summary>A message; <paramref name="content"/> has its type and the member of that name.</summary>
    public static JsonObject Message(string content, string? phone, string? user = null, string? id = null, DateTimeOffset? at = null)
    {
        var message = JsonNode.Parse(content)!.AsObject();
        message["id"] = id ?? Wamid();
        message["timestamp"] = Seconds(at ?? Moment());
        if (phone is not null)
        {
            message["from"] = phone;
        }

        if (user is not null)
        {
            message["from_user_id"] = user;
        }

        return message;
    }

    public static JsonObject Text(string text, string? phone, string? user = null, string? id = null, DateTimeOffset? at = null) =>
        Message(new JsonObject { ["type"] = "text", ["text"] = new JsonObject { ["body"] = text } }.ToJsonString(), phone, user, id, at);

    public static string Seconds(DateTimeOffset at) => at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    /// <summary>What one number has to say.</summary>
    public static JsonObject Value(string number, JsonArray? messages = null, JsonArray? contacts = null, JsonArray? statuses = null)
    {
        var value = new JsonObject
        {
            ["messaging_product"] = "whatsapp",
            ["metadata"] = new JsonObject { ["display_phone_number"] = "15550100001", ["phone_number_id"] = number },
        };
        foreach (var (name, items) in new[] { ("contacts", contacts), ("messages", messages), ("statuses", statuses) })
        {
            if (items is not null)
            {
                value[name] = items;
            }
        }

        return value;
    }

    public static JsonObject Envelope(params (string Field, JsonObject Value)[] changes) => new()
    {
        ["object"] = "whatsapp_business_account",
        ["entry"] = new JsonArray(new JsonObject
        {
            ["id"] = Account,
            ["time"] = 1_790_000_000,
            ["changes"] = new JsonArray([.. changes.Select(change => (JsonNode)new JsonObject { ["field"] = change.Field, ["value"] = change.Value })]),
        }),
    };

    /// <summary>People write to the first number.</summary>
    public Task WriteAsync(params JsonObject[] messages) =>
        DeliverAsync(Envelope(("messages", Value(ConsoleDriver.SupportNumber, [.. messages.Select(message => message.DeepClone())]))));

    public async Task DeliverAsync(JsonNode document) => (await PostAsync(document.ToJsonString())).ShouldBe(200);

    /// <summary>Posts a body, signed with the platform's secret or another.</summary>
    public Task<int> PostAsync(string body, string secret = TestSecrets.AppSecret) => PostAsync(Encoding.UTF8.GetBytes(body), secret);

    public async Task<int> PostAsync(byte[] body, string secret = TestSecrets.AppSecret)
    {
        using var response = await SendAsync(body, secret);
        return (int)response.StatusCode;
    }

    public async Task<HttpResponseMessage> SendAsync(byte[] body, string secret = TestSecrets.AppSecret)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(system.Server, "/webhooks/whatsapp")) { Content = new ByteArrayContent(body) };
        request.Headers.Add("X-Hub-Signature-256", $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body))}");
        return await system.Http.SendAsync(request);
    }

    /// <summary>Waits until everything that came in is recorded, and none of it was given up.</summary>
    public async Task DoneAsync()
    {
        await Eventually.GetAsync(
            "what came in is recorded",
            async () => await system.QueryAsync<string>(
                "SELECT string_agg(concat_ws(' ', kind, attempts, last_error), ', ') FROM jobs WHERE kind IN ('FanOut', 'Receive') AND dead_at IS NULL") ?? "",
            waiting => waiting.Length == 0);
        (await system.QueryAsync<string[]>("SELECT array_agg(last_error) FROM jobs WHERE kind IN ('FanOut', 'Receive')") ?? []).ShouldBeEmpty();
    }

    /// <summary>A message as an agent of the client sees it.</summary>
    public async Task<JsonElement> SeenAsync(TestClient client, string wamid)
    {
        var id = await Eventually.GetAsync(
            "the message",
            () => system.QueryAsync<Guid>("SELECT id FROM messages WHERE client_id = $1 AND provider_message_id = $2", client.Client.Id.Value, wamid),
            found => found != Guid.Empty);
        return await system.Mcp(client.Token).ResultAsync("get_message", new { messageId = new Domain.Messages.MessageId(id).ToString() });
    }
}
