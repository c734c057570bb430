namespace WaMcp.AppHost.Direct;

/// <summary>The system cannot come up; the message is what the terminal shows.</summary>
internal sealed class StartFailed(string reason, IReadOnlyList<string> lastLines) : Exception(reason)
{
    public IReadOnlyList<string> LastLines => lastLines;
}
