namespace WaMcp.Tests.AppHost;

/// <summary>How long a whole system may take on a small, busy machine before a test gives up.</summary>
internal static class Patience
{
    public static readonly TimeSpan Long = TimeSpan.FromMinutes(3);
}
