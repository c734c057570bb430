namespace WaMcp.Tests.AppHost;

/// <summary>The tests that share one running system, end to end.</summary>
[CollectionDefinition(nameof(AppHostCollection))]
public sealed class AppHostCollection : ICollectionFixture<AppHostFixture>;
