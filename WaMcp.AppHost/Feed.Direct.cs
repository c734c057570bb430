namespace WaMcp.AppHost;

/// <summary>Which package feed this was built from. `dotnet run` hides the build's output, so the AppHost says it.</summary>
internal static class Feed
{
    public const string Sentence = "feed: no Aspire packages here, running the same system directly on local processes";
}
