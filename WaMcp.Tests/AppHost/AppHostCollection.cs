namespace WaMcp.Tests.AppHost;

/// <summary>The tests that share one running system, end to end. A whole system needs the machine for itself.</summary>
[CollectionDefinition(nameof(AppHostCollection), DisableParallelization = true)]
public sealed class AppHostCollection : ICollectionFixture<AppHostFixture>;
