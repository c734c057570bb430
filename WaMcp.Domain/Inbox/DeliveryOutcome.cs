namespace WaMcp.Domain.Inbox;

/// <summary>What can become of a stored delivery; several at once, because one delivery speaks of many things.</summary>
public static class DeliveryOutcome
{
    /// <summary>Parts that were handed to clients that hold a grant.</summary>
    public const string FannedOut = "fanned_out";

    /// <summary>It told facts that concern operators.</summary>
    public const string Noted = "noted";

    /// <summary>It speaks of a channel that is not here.</summary>
    public const string UnknownChannel = "unknown_channel";

    /// <summary>It speaks of a channel that is here, and an app signed it that does not speak for that channel.</summary>
    public const string NotSignedFor = "not_signed_for";

    /// <summary>It speaks of a channel that nobody is granted, or was granted when it came.</summary>
    public const string NoGrant = "no_grant";

    /// <summary>Something in it is of a kind that is not known here.</summary>
    public const string UnknownKind = "unknown_kind";

    /// <summary>Nothing in it could be read, or it holds more than any provider sends.</summary>
    public const string NotUnderstood = "not_understood";

    /// <summary>An operator gave it up before it was taken apart.</summary>
    public const string Discarded = "discarded";

    /// <summary>Not taken apart yet; what a question says, never what is stored.</summary>
    public const string Waiting = "waiting";

    /// <summary>Every word.</summary>
    public static IReadOnlyList<string> All { get; } = [FannedOut, Noted, UnknownChannel, NotSignedFor, NoGrant, UnknownKind, NotUnderstood, Discarded, Waiting];
}
