using WaMcp.Domain.Channels;
using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Stdio;

/// <summary>Names the collection of tests over one <see cref="StdioSystem"/>.</summary>
[CollectionDefinition(nameof(StdioSystem))]
public sealed class StdioTests : ICollectionFixture<StdioSystem>;

/// <summary>A running system whose owner holds a grant on one channel, and the server as a desktop client starts it.</summary>
public sealed class StdioSystem : IAsyncLifetime
{
    internal WaMcpSystem System { get; private set; } = null!;

    internal Client Owner { get; private set; } = null!;

    internal Channel Channel { get; private set; } = null!;

    /// <summary>One program for the tests that only ask it something.</summary>
    internal StdioDriver Server { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        System = await WaMcpSystem.StartAsync();
        Owner = await System.Console.ClientAsync(isOwner: true);
        Channel = await System.Console.ChannelAsync();
        await System.Console.GrantAsync(Owner, Channel, dailyCap: 1_000);
        Server = await ConnectAsync();
    }

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        await System.DisposeAsync();
    }

    /// <summary>What the program needs: the database, and neither Redis nor a secret.</summary>
    internal static Dictionary<string, string?> Environment(string connectionString) => new()
    {
        ["ConnectionStrings__wamcp"] = connectionString,
        ["DOTNET_ENVIRONMENT"] = "Development", // where every registration is validated
    };

    internal static StdioDriver Launch(string? connectionString, params (string Key, string? Value)[] settings)
    {
        var environment = connectionString is null ? [] : Environment(connectionString);
        foreach (var (key, value) in settings)
        {
            environment[key] = value;
        }

        return StdioDriver.Start("dotnet", [ProgramProcess.Built("WaMcp.Server"), "--stdio"], environment);
    }

    internal async Task<StdioDriver> ConnectAsync()
    {
        var server = Launch(System.Database.App);
        await server.InitializeAsync();
        return server;
    }
}
