namespace WaMcp.Tests.Auth;

/// <summary>One way the states of everything that decides about a call can stand together.</summary>
/// <param name="IsOwner">Whether the key's client is the owner.</param>
/// <param name="Tool">How the key holds the tool's scope.</param>
/// <param name="Number">How it holds the scope of the number.</param>
/// <param name="Grant">The client's grant on the channel that the input names.</param>
/// <param name="Key">The key's own state.</param>
/// <param name="IsEnabled">Whether the client is enabled.</param>
internal sealed record DecisionCell(
    bool IsOwner, DecisionCell.Holding Tool, DecisionCell.Holding Number, DecisionCell.GrantState Grant, DecisionCell.KeyState Key, bool IsEnabled)
{
    internal enum Holding
    {
        Held,
        Missing,
        Wildcard,
    }

    internal enum GrantState
    {
        InForce,
        WithoutTheTool,
        Revoked,
        OnAnotherNumberOnly,
        UnknownChannel,
        NoChannelNamed,
    }

    internal enum KeyState
    {
        Active,
        Revoked,
        Expired,
        WrongSecret,
        Unknown,
    }

    /// <summary>Every combination.</summary>
    public static IReadOnlyList<DecisionCell> All { get; } =
    [
        .. from isOwner in new[] { false, true }
           from tool in Enum.GetValues<Holding>()
           from number in Enum.GetValues<Holding>()
           from grant in Enum.GetValues<GrantState>()
           from key in Enum.GetValues<KeyState>()
           from isEnabled in new[] { true, false }
           select new DecisionCell(isOwner, tool, number, grant, key, isEnabled),
    ];

    /// <summary>As a failing test reports it: in parts, because a long text would be cut there.</summary>
    public string[] Parts =>
        [$"{(IsEnabled ? "enabled" : "disabled")} {(IsOwner ? "owner" : "client")}", Key.ToString(), Tool.ToString(), Number.ToString(), Grant.ToString()];

    public string Name => string.Join(", ", Parts);
}
