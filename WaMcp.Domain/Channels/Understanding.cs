namespace WaMcp.Domain.Channels;

/// <summary>Everything that a stored delivery of a provider says. What cannot be read is left out and counted, never an error.</summary>
public sealed record Understanding
{
    /// <summary>What it says about channels, to be recorded for clients.</summary>
    public IReadOnlyList<ChannelUpdates> Channels { get; init; } = [];

    /// <summary>What it tells operators.</summary>
    public IReadOnlyList<ProviderFact> Facts { get; init; } = [];

    /// <summary>The accounts in whose templates something changed.</summary>
    public IReadOnlyList<string> ChangedTemplates { get; init; } = [];

    /// <summary>How many things in it are of a kind that is not known here, or lack what is needed to record them.</summary>
    public int Unknown { get; init; }

    /// <summary>Whether anything in it could be read.</summary>
    public bool IsNothing => Channels.Count + Facts.Count + Unknown == 0;
}

/// <summary>Something that a provider tells an operator.</summary>
/// <param name="AccountId">The provider's account.</param>
/// <param name="ChannelProviderId">The provider's id of the channel; null when it is about all of the account's.</param>
/// <param name="Kind">The provider's word for what it is about.</param>
/// <param name="Payload">What it says, JSON; nothing about persons.</param>
/// <param name="Digest">The same for the same fact told twice.</param>
/// <param name="At">When, as the provider says; null when it does not.</param>
/// <param name="Address">The digits of the number that it is about, where the provider names that one of the account's by its number only.</param>
public sealed record ProviderFact(
    string? AccountId, string? ChannelProviderId, string Kind, string Payload, string Digest, DateTimeOffset? At, string? Address = null)
{
    /// <summary>Whether it is about this channel.</summary>
    public bool IsAbout(Channel channel) => ChannelProviderId is { } id
        ? channel.ProviderId == id
        : AccountId is not null && channel.AccountId == AccountId && (Address is null || Address == DigitsOf(channel.Address));

    /// <summary>The digits of a number as people write it.</summary>
    public static string DigitsOf(string address) => string.Concat(address.Where(char.IsAsciiDigit));
}
