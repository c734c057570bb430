namespace WaMcp.Domain.Inbox;

/// <summary>What can become of a stored delivery; several at once, because one delivery speaks of many things.</summary>
public static class DeliveryOutcome
{
    /// <summary>Handed to clients that hold a grant.</summary>
    public const string FannedOut = "fanned_out";

    /// <summary>It told facts that concern operators.</summary>
    public const string Noted = "noted";

    /// <summary>It speaks of a channel that is not here, or that the app which signed it does not speak for.</summary>
    public const string UnknownChannel = "unknown_channel";

    /// <summary>It speaks of a channel that nobody is granted.</summary>
    public const string NoGrant = "no_grant";

    /// <summary>Something in it is of a kind that is not known here.</summary>
    public const string UnknownKind = "unknown_kind";

    /// <summary>Nothing in it could be read.</summary>
    public const string NotUnderstood = "not_understood";

    /// <summary>Not taken apart yet; what a question says, never what is stored.</summary>
    public const string Waiting = "waiting";

    /// <summary>Every word.</summary>
    public static IReadOnlyList<string> All { get; } = [FannedOut, Noted, UnknownChannel, NoGrant, UnknownKind, NotUnderstood, Waiting];
}
