using System.Reflection;
using Xunit.Sdk;

namespace WaMcp.Tests.Infrastructure;

/// <summary>One running system for all tests that only add to it: each makes its own client, which gets nothing any more when its test is over.</summary>
public sealed class SharedSystem : IAsyncLifetime
{
    private static SharedSystem? current;

    internal WaMcpSystem System { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        System = await WaMcpSystem.StartAsync();
        current = this;
    }

    public async Task DisposeAsync()
    {
        current = null;
        await System.DisposeAsync();
    }

    // The tests of a collection run one after the other.
    internal static void TestEnded() => current?.System.Console.Forget();
}

/// <summary>Names the collection of tests over the <see cref="SharedSystem"/>.</summary>
[CollectionDefinition(Name)]
[ForgetsClients]
public sealed class SharedSystemTests : ICollectionFixture<SharedSystem>
{
    public const string Name = "shared system";
}

/// <summary>Runs after each test of the collection that it stands at.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ForgetsClientsAttribute : BeforeAfterTestAttribute
{
    public override void After(MethodInfo methodUnderTest) => SharedSystem.TestEnded();
}
