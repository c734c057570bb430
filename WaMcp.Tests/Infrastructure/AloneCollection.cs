namespace WaMcp.Tests.Infrastructure;

/// <summary>Tests of when something happens: what runs beside them would move it.</summary>
[CollectionDefinition(nameof(AloneCollection), DisableParallelization = true)]
public sealed class AloneCollection;
