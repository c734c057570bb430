using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using WaMcp.Domain;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Inbox;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Webhooks;

/// <summary>What somebody can cost whom nobody knows.</summary>
public sealed class StrangersTests
{
    private const int Mebibyte = 1024 * 1024;

    [Fact]
    public async Task WhatFailsForOneNumberDoesNotShutOutTheOthersOfTheSameAddress()
    {
        await using var system = await WaMcpSystem.StartAsync(postgres: null, ("AddressLimit:FailureLimit", "3"));
        var (apps, secret) = (new OwnApps(system), OwnApps.Secret());
        var (wrong, good) = (await apps.AddAsync(OwnApps.Number(), OwnApps.Secret()), await apps.AddAsync(OwnApps.Number(), secret));
        await system.Console.ChannelAsync();

        await Eventually.TrueAsync("it is refused", async () => await apps.DeliverAsync(wrong.ProviderId, "not its secret", "?") == 429);

        (await apps.DeliverAsync(good.ProviderId, secret, "another organisation's")).ShouldBe(200);
        (await apps.DeliverAsync(ConsoleDriver.SupportNumber, TestSecrets.AppSecret, "the platform's")).ShouldBe(200);
        await Eventually.TrueAsync("who names nobody here is counted by the address", async () => await apps.DeliverAsync(OwnApps.Number(), "nobody's", "?") == 429);
    }

    [Fact]
    public async Task LargeBodiesThatComeSlowlyLeaveRoomForSmallOnesAndAreToldToComeAgain()
    {
        await using var system = await WaMcpSystem.StartAsync(postgres: null, ("Webhooks:MaxBytesOnTheirWay", $"{16 * Mebibyte}"));
        var webhooks = new WebhookDriver(system);
        var slow = new List<TcpClient>();
        try
        {
            for (var body = 0; body < 4; body++)
            {
                slow.Add(await BeginAsync(system.Server));
            }

            using var refused = await Eventually.GetAsync(
                "a refusal", () => webhooks.SendAsync(new byte[3 * Mebibyte]), answer => (int)answer.StatusCode == 503);
            refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(5));
            (await webhooks.PostAsync("{}")).ShouldBe(200);
        }
        finally
        {
            slow.ForEach(connection => connection.Dispose());
        }

        await Eventually.TrueAsync("there is room again", async () => await webhooks.PostAsync(new byte[3 * Mebibyte]) == 200);
    }

    [Fact]
    public async Task WhatWaitsForTheDatabaseIsBounded()
    {
        await using var database = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1");
        using var inbox = new WebhookInbox(database, Options.Create(new InboxOptions()), TimeProvider.System, NullLogger<WebhookInbox>.Instance); // nobody stores what comes in
        var body = new byte[4 * Mebibyte];
        using var gone = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 32).Select(number => inbox.StoreAsync(ChannelKind.WhatsApp, body, null, $"req_{number}", gone.Token)).ToList();

        (await Should.ThrowAsync<Fault>(() => inbox.StoreAsync(ChannelKind.WhatsApp, body, null, "req_last", default))).Code.ShouldBe(FaultCode.Unavailable);

        waiting.ShouldAllBe(each => !each.IsCompleted);
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => Task.WhenAll(waiting));
    }

    // Three MiB are announced, and come but for the last byte.
    private static async Task<TcpClient> BeginAsync(Uri server)
    {
        var connection = new TcpClient();
        await connection.ConnectAsync(server.Host, server.Port);
        var request = RawHttp.Post("/webhooks/whatsapp", [$"X-Hub-Signature-256: sha256={new string('0', 64)}"], new byte[3 * Mebibyte]);
        await connection.GetStream().WriteAsync(request.AsMemory(0, request.Length - 1));
        return connection;
    }
}
