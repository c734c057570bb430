using System.Reflection;

namespace WaMcp.AppHost;

/// <summary>The checkout this AppHost was built from.</summary>
internal static class Repository
{
    public static string Root { get; } = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(attribute => attribute.Key == "RepositoryRoot").Value!;

    /// <summary>The script in ops/local that runs one local process, used by both halves.</summary>
    public static string Script(string name) => Path.Combine(Root, "ops", "local", name);
}
