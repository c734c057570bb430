namespace WaMcp.Tests.Infrastructure;

/// <summary>One running system for all tests that only add to it: each makes its own client.</summary>
public sealed class SharedSystem : IAsyncLifetime
{
    internal WaMcpSystem System { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        System = await WaMcpSystem.StartAsync();
        System.Console.ForgetsAfter = TimeSpan.FromMinutes(4); // its tests run one after the other
    }

    public async Task DisposeAsync() => await System.DisposeAsync();
}

/// <summary>Names the collection of tests over the <see cref="SharedSystem"/>.</summary>
[CollectionDefinition(Name)]
public sealed class SharedSystemTests : ICollectionFixture<SharedSystem>
{
    public const string Name = "shared system";
}
