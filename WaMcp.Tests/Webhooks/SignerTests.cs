using System.Text.Json;
using WaMcp.Domain.Channels;
using WaMcp.Tests.Admin;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Webhooks;

/// <summary>An app's secret is that of all its numbers: those of today, those of tomorrow, and through every change of it.</summary>
public sealed class SignerTests : IAsyncLifetime
{
    private WaMcpSystem system = null!;
    private WebhookDriver webhooks = null!;
    private OwnApps apps = null!;
    private AdminConsole console = null!;

    public async Task InitializeAsync()
    {
        system = await WaMcpSystem.StartAsync();
        (webhooks, apps, console) = (new WebhookDriver(system), new OwnApps(system), AdminConsole.Of(system));
        console.Settings["encryption_key"] = TestSecrets.EncryptionKey;
    }

    public Task DisposeAsync() => system.DisposeAsync().AsTask();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatCameForANumberBeforeItWasAddedCanBeReplayedOnceItIs(bool secretChangesBetween)
    {
        var (secret, number) = (OwnApps.Secret(), OwnApps.Number());
        var first = await apps.AddAsync(OwnApps.Number(), secret);
        (await apps.DeliverAsync(number, secret, "before it was here")).ShouldBe(200);
        await webhooks.DoneAsync();
        (await ListAsync("unknown_channel")).ShouldHaveSingleItem();
        if (secretChangesBetween)
        {
            secret = OwnApps.Secret();
            await apps.RotateAsync(first, secret);
            secret = OwnApps.Secret();
            await apps.RotateAsync(first, secret);
        }

        var client = await apps.GrantAsync(await apps.AddAsync(number, secret));
        await console.DoAsync("inbound", "replay", "--outcome", "unknown_channel", "--since", "1h", "--to", client.Slug);
        await webhooks.DoneAsync();

        (await apps.CountAsync(client, "before it was here")).ShouldBe(1);
        (await ListAsync("unknown_channel")).ShouldBeEmpty();
    }

    [Fact]
    public async Task ASecretChangesForAllNumbersOfItsAppAndBothAreAccepted()
    {
        var (old, next) = (OwnApps.Secret(), OwnApps.Secret());
        var (one, two, other) = (await apps.AddAsync(OwnApps.Number(), old), await apps.AddAsync(OwnApps.Number(), old), await apps.AddAsync(OwnApps.Number(), OwnApps.Secret()));
        var client = await apps.GrantAsync(two);

        var changed = await RotateAsync(one.Name, next);
        changed.EnumerateArray().Select(row => row.GetProperty("name").GetString()).ShouldBe([one.Name, two.Name]);
        changed[1].GetProperty("previousSecretSince").GetDateTimeOffset().ShouldBeGreaterThan(DateTimeOffset.UtcNow.AddMinutes(-5));
        (await console.RunAsync("channels", "list")).Lines.Count(line => line.Contains("since ", StringComparison.Ordinal)).ShouldBe(2, $"and not {other.Name}");

        (await apps.DeliverAsync(two.ProviderId, old, "signed before")).ShouldBe(200);
        (await apps.DeliverAsync(two.ProviderId, next, "signed after")).ShouldBe(200);
        await webhooks.DoneAsync();
        (await apps.CountAsync(client, "signed before")).ShouldBe(1);
        (await apps.CountAsync(client, "signed after")).ShouldBe(1);

        (await console.DoAsync("channels", "rotate-secret", "--phone", two.Name, "--drop-previous")).GetArrayLength().ShouldBe(2);
        (await apps.DeliverAsync(two.ProviderId, old, "too late")).ShouldBe(401);
        await system.QueryAsync<object>("DELETE FROM messages");
        await console.DoAsync("inbound", "replay", "--since", "1h");
        await webhooks.DoneAsync();
        (await apps.CountAsync(client, "signed before")).ShouldBe(1, "what had been accepted stays theirs");
    }

    [Fact]
    public async Task TheSameSecretAgainChangesNothing()
    {
        var (old, next) = (OwnApps.Secret(), OwnApps.Secret());
        var channel = await apps.AddAsync(OwnApps.Number(), old);
        await RotateAsync(channel.Name, next);

        var run = await console.RunAsync("channels", "rotate-secret", "--phone", channel.Name, "--app-secret-file", await FileAsync(next));

        run.ExitCode.ShouldBe(0, run.Err);
        run.Err.ShouldContain("nothing was changed");
        (await apps.DeliverAsync(channel.ProviderId, old, "still accepted")).ShouldBe(200);
        (await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'channel_secret_rotated'")).ShouldBe(1);
    }

    [Fact]
    public async Task ALeakedSecretIsDroppedAtOnce()
    {
        var (leaked, next) = (OwnApps.Secret(), OwnApps.Secret());
        var channel = await apps.AddAsync(OwnApps.Number(), leaked);

        await RotateAsync(channel.Name, next, "--drop-now");

        (await apps.DeliverAsync(channel.ProviderId, leaked, "forged")).ShouldBe(401);
        (await apps.DeliverAsync(channel.ProviderId, next, "genuine")).ShouldBe(200);
        (await console.DoAsync("channels", "list"))[0].GetProperty("previousSecretSince").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task WithoutRedisTheOperatorIsToldThatTheServersFollow()
    {
        var channel = await apps.AddAsync(OwnApps.Number(), OwnApps.Secret());
        await system.Redis.StopAsync();

        var run = await console.RunAsync("channels", "rotate-secret", "--phone", channel.Name, "--app-secret-file", await FileAsync(OwnApps.Secret()));

        run.ExitCode.ShouldBe(0, run.Err);
        run.Err.ShouldContain("the other servers follow within 5 s");
    }

    [Fact]
    public async Task ANumberThatAnotherAppSpeaksOfIsNotSignedFor()
    {
        var secret = OwnApps.Secret();
        var own = await apps.AddAsync(OwnApps.Number(), secret);
        var victim = await system.Console.OnboardAsync();

        (await apps.DeliverAsync(ConsoleDriver.SupportNumber, secret, "forged")).ShouldBe(200);
        (await apps.DeliverAsync(own.ProviderId, TestSecrets.AppSecret, "not the platform's")).ShouldBe(200);
        await webhooks.DoneAsync();

        var found = await ListAsync("not_signed_for");
        found.Select(delivery => delivery.GetProperty("outcomes").GetRawText()).ShouldAllBe(outcomes => outcomes == """{"not_signed_for":1}""");
        found.Select(delivery => delivery.GetProperty("channelIds")[0].GetString()).ShouldBe([own.Id.ToString(), victim.Channel.Id.ToString()], "the newest first");
        (await system.QueryAsync<long>("SELECT count(*) FROM messages")).ShouldBe(0);
    }

    [Fact]
    public async Task OfManyAppsOnlyThoseThatADeliveryNamesAreTried()
    {
        var all = new List<(Channel Channel, string Secret)>();
        for (var number = 0; number < 12; number++)
        {
            var secret = OwnApps.Secret();
            all.Add((await apps.AddAsync(OwnApps.Number(), secret, account: $"4000000000000{number:00}"), secret));
        }

        var (last, unknown) = (all[^1], OwnApps.Number());
        (await apps.DeliverAsync(last.Channel.ProviderId, last.Secret, "by its number")).ShouldBe(200);
        (await apps.DeliverAsync(unknown, last.Secret, "by its account", last.Channel.AccountId!)).ShouldBe(200);
        (await apps.DeliverAsync(unknown, last.Secret, "by nothing")).ShouldBe(401, "it will be delivered again for days");
        (await apps.DeliverAsync(all[0].Channel.ProviderId, last.Secret, "by another's")).ShouldBe(401);
        (await webhooks.PostAsync("{\"entry\":[{\"id\":\"" + last.Channel.AccountId + "\",", last.Secret)).ShouldBe(200, "no JSON, and its beginning says whose it is");
    }

    private Task<JsonElement> RotateAsync(string channel, string secret, params string[] more) => RotateAsync(channel, FileAsync(secret), more);

    private async Task<JsonElement> RotateAsync(string channel, Task<string> file, string[] more) =>
        await console.DoAsync(["channels", "rotate-secret", "--phone", channel, "--app-secret-file", await file, .. more]);

    private static async Task<string> FileAsync(string secret)
    {
        var path = Path.Combine(RunFolder.Create("credentials"), "secret");
        await File.WriteAllTextAsync(path, secret);
        return path;
    }

    private async Task<List<JsonElement>> ListAsync(string outcome) => [.. (await console.DoAsync("inbound", "list", "--outcome", outcome)).EnumerateArray()];
}
