using System.Security.Cryptography;
using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Drivers;

/// <summary>Organisations with apps of their own at the provider.</summary>
internal sealed class OwnApps(WaMcpSystem system)
{
    private static long last = 300_000_000_000_000;

    public static string Secret() => RandomNumberGenerator.GetHexString(32);

    /// <summary>A number that nobody has.</summary>
    public static string Number() => $"{Interlocked.Increment(ref last)}";

    public Task<Channel> AddAsync(string number, string secret, string? account = null, string phone = "+1 555 010 0300", string token = "EAAown") =>
        system.Console.RunAsync((AddChannel verb) => verb.ExecuteAsync(new($"own-{number}", number, account, phone, token, secret), default));

    public async Task<Client> GrantAsync(Channel channel)
    {
        var client = await system.Console.ClientAsync();
        await system.Console.GrantAsync(client, channel);
        return client;
    }

    public Task<Grant> GrantAsync(Channel channel, Client client) => system.Console.GrantAsync(client, channel);

    public Task<RotateAppSecret.Rotation> RotateAsync(Channel channel, string secret, bool keepsPrevious = true) =>
        system.Console.RunAsync((RotateAppSecret verb) => verb.ExecuteAsync(channel.Name, secret, keepsPrevious, default));

    /// <summary>Somebody writes to a number, and some app signs it; the status.</summary>
    public Task<int> DeliverAsync(string number, string secret, string text, string account = WebhookDriver.Account)
    {
        var document = WebhookDriver.Envelope(("messages", WebhookDriver.Value(number, [WebhookDriver.Text(text, WebhookDriver.Phone())])));
        document["entry"]![0]!["id"] = account;
        return new WebhookDriver(system).PostAsync(document.ToJsonString(), secret);
    }

    public Task<long> CountAsync(Client client, string text) =>
        system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1 AND body = $2", client.Id.Value, text);
}
