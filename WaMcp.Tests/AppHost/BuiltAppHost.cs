namespace WaMcp.Tests.AppHost;

/// <summary>The AppHost that was built together with these tests, and the checkout it belongs to.</summary>
internal static class BuiltAppHost
{
    // artifacts/bin/WaMcp.Tests/CONFIGURATION/
    private static readonly DirectoryInfo Own = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    public static string Program { get; } =
        Path.Combine(Own.Parent!.Parent!.FullName, "WaMcp.AppHost", Own.Name, "WaMcp.AppHost.dll");

    public static string Repository { get; } = Own.Parent!.Parent!.Parent!.Parent!.FullName;
}
