namespace WaMcp.Sandbox.Control;

/// <summary>
/// A refused webhook is posted again at once, then after <see cref="FirstMs"/>, then after twice as long each time, up to
/// <see cref="MaxMs"/>, until it is accepted or the sandbox is reset.
/// </summary>
public sealed record SandboxRetry
{
    public double? FirstMs { get; init; }

    public double? MaxMs { get; init; }
}
