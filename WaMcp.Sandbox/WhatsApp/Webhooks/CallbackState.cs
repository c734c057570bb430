namespace WaMcp.Sandbox.WhatsApp.Webhooks;

/// <summary>How the last verification challenges went.</summary>
internal sealed record CallbackState
{
    public Uri? Url { get; init; }

    public bool Verified { get; init; }

    public int Attempts { get; init; }

    public DateTimeOffset? LastAttempt { get; init; }

    public string? LastError { get; init; }
}
