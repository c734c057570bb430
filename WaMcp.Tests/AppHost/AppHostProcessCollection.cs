namespace WaMcp.Tests.AppHost;

/// <summary>The tests that start and stop systems of their own, one after the other.</summary>
[CollectionDefinition(nameof(AppHostProcess), DisableParallelization = true)]
public sealed class AppHostProcessCollection;
