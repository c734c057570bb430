using WaMcp.Domain.Access;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Auth;

/// <summary>Clients and keys to fuzz with: a client and what it has, another one that it must never see, and keys that no longer open.</summary>
public sealed class Prey(AttackedSystem attacked) : IAsyncLifetime
{
    private const int ManyCalls = 100_000;

    internal WaMcpSystem System => attacked.System;

    /// <summary>Holds every tool on its number.</summary>
    internal TestClient Client { get; private set; } = null!;

    /// <summary>Somebody else.</summary>
    internal TestClient Foreign { get; private set; } = null!;

    /// <summary>A key of <see cref="Client"/> for one tool only.</summary>
    internal string PingOnly { get; private set; } = null!;

    /// <summary>A key for everything.</summary>
    internal string Owner { get; private set; } = null!;

    internal string OwnMessage { get; private set; } = null!;

    internal string ForeignMessage { get; private set; } = null!;

    /// <summary>Stands in every text of <see cref="Foreign"/>.</summary>
    internal string ForeignMark { get; } = $"mark{Guid.NewGuid():N}";

    /// <summary>Tokens of keys that open.</summary>
    internal string[] Opening { get; private set; } = [];

    /// <summary>All tokens, also revoked, expired and unknown ones.</summary>
    internal string[] Tokens { get; private set; } = [];

    internal Leaks Leaks { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var console = System.Console;
        (Client, Foreign) = (await console.OnboardAsync(rpm: ManyCalls), await console.OnboardAsync(ConsoleDriver.SalesNumber, rpm: ManyCalls));
        (_, PingOnly) = await console.MintAsync(Client.Client, ["tools:ping"], ManyCalls);
        (_, Owner) = await console.MintAsync(attacked.Owner, ["tools:*", "numbers:*"], ManyCalls);
        OwnMessage = await WriteAsync(Client, "own");
        ForeignMessage = await WriteAsync(Foreign, ForeignMark);

        var (revoked, revokedToken) = await console.MintAsync(Client.Client, ["tools:ping"]);
        await console.RevokeAsync(revoked);
        var (_, expiredToken) = await console.MintAsync(Client.Client, ["tools:ping"], expires: TimeSpan.FromMilliseconds(1));
        var disabled = await console.OnboardAsync();
        await console.EnableAsync(disabled.Client, enabled: false);

        Opening = [Client.Token, Foreign.Token, PingOnly, Owner];
        Tokens = [.. Opening, revokedToken, expiredToken, disabled.Token, KeyToken.Generate("live").Text, KeyToken.Generate("test").Text];
        Leaks = new Leaks(attacked, Tokens);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    private async Task<string> WriteAsync(TestClient client, string text) =>
        (await System.Mcp(client.Token).ResultAsync("send_message", new { channel = client.Channel.Name, to = "+15550100100", text }))
            .GetProperty("messageId").GetString()!;
}
