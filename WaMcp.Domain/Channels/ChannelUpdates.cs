using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Channels;

/// <summary>What one delivery of a provider says about one channel, in no provider's words.</summary>
/// <param name="ProviderId">The provider's id of the channel.</param>
public sealed record ChannelUpdates(string ProviderId)
{
    /// <summary>What people wrote.</summary>
    public IReadOnlyList<InboundMessage> Messages { get; init; } = [];

    /// <summary>What people changed or took back of what they had written.</summary>
    public IReadOnlyList<MessageChange> Changes { get; init; } = [];

    /// <summary>What became of what we sent.</summary>
    public IReadOnlyList<StatusUpdate> Statuses { get; init; } = [];

    /// <summary>People who are called otherwise now.</summary>
    public IReadOnlyList<IdentityChange> Identities { get; init; } = [];

    /// <summary>What people want to be sent.</summary>
    public IReadOnlyList<PreferenceUpdate> Preferences { get; init; } = [];

    /// <summary>Whether there is anything to record.</summary>
    public bool IsEmpty => Messages.Count + Changes.Count + Statuses.Count + Identities.Count + Preferences.Count == 0;

    /// <summary>The same, where the provider told no time as of the time at which it came.</summary>
    public ChannelUpdates At(DateTimeOffset receivedAt)
    {
        return this with
        {
            Messages = [.. Messages.Select(Written)],
            Changes = [.. Changes.Select(change => change with { At = Or(change.At), Edit = change.Edit is { } edit ? Written(edit) : null })],
            Statuses = [.. Statuses.Select(status => status with { At = Or(status.At) })],
            Identities = [.. Identities.Select(change => change with { At = Or(change.At) })],
            Preferences = [.. Preferences.Select(preference => preference with { At = Or(preference.At) })],
        };

        InboundMessage Written(InboundMessage message) => message with { WrittenAt = Or(message.WrittenAt) };

        DateTimeOffset Or(DateTimeOffset told) => told == DateTimeOffset.UnixEpoch ? receivedAt : told;
    }
}

/// <summary>What a provider calls a person; any of it may be missing.</summary>
/// <param name="UserId">The provider's own id (WhatsApp: BSUID).</param>
/// <param name="Phone">Digits of the number.</param>
/// <param name="ParentUserId">An id of the same person that the provider gives to several businesses of one owner.</param>
/// <param name="Name">What the person calls themselves.</param>
/// <param name="Username">Under what they can be found.</param>
public sealed record PersonIds(
    string? UserId, string? Phone, string? ParentUserId = null, string? Name = null, string? Username = null)
{
    /// <summary>Whether somebody is named at all.</summary>
    public bool IsSomebody => UserId is not null || Phone is not null || ParentUserId is not null;

    /// <summary>The provider's own ids.</summary>
    public string[] UserIds => [.. new[] { UserId, ParentUserId }.OfType<string>().Distinct()];

    /// <summary>All that they can be found by.</summary>
    public IEnumerable<string> All => UserIds.Append(Phone).OfType<string>();

    /// <summary>Only what they can be found by, and nothing that they call themselves.</summary>
    public PersonIds Bare => this with { Name = null, Username = null };
}

/// <summary>A message that somebody wrote to a channel.</summary>
/// <param name="ProviderMessageId">The provider's id of it; the same delivery twice carries the same.</param>
/// <param name="Person">Who wrote it.</param>
/// <param name="Kind">The provider's word for what it is; <c>unsupported</c> for one that is not known here.</param>
/// <param name="Body">Its text, if it has any.</param>
/// <param name="Content">What else it holds.</param>
/// <param name="Raw">The provider's document of it, JSON.</param>
/// <param name="WrittenAt">When the provider says it was written.</param>
public sealed record InboundMessage(
    string ProviderMessageId, PersonIds Person, string Kind, string? Body, InboundContent? Content, string Raw, DateTimeOffset WrittenAt);

/// <summary>Somebody changed what they had written, or took it back.</summary>
/// <param name="ProviderMessageId">The provider's id of the message that is changed.</param>
/// <param name="Person">Who.</param>
/// <param name="Edit">What it is now; null when it was taken back.</param>
/// <param name="At">When.</param>
public sealed record MessageChange(string ProviderMessageId, PersonIds Person, InboundMessage? Edit, DateTimeOffset At);

/// <summary>A person is called otherwise from now on.</summary>
/// <param name="Before">What they were called.</param>
/// <param name="After">What they are called now.</param>
/// <param name="At">Since when.</param>
public sealed record IdentityChange(PersonIds Before, PersonIds After, DateTimeOffset At);

/// <summary>A person wants no more marketing, or wants it again.</summary>
/// <param name="Person">Who.</param>
/// <param name="StopsMarketing">Which.</param>
/// <param name="At">When.</param>
public sealed record PreferenceUpdate(PersonIds Person, bool StopsMarketing, DateTimeOffset At);

/// <summary>What became of a message we sent.</summary>
/// <param name="ProviderMessageId">The provider's id of it.</param>
/// <param name="MessageId">Our id, when the provider echoed it.</param>
/// <param name="State">The state it says; null for one we do not know.</param>
/// <param name="At">When the provider says it happened.</param>
/// <param name="ErrorCode">Why it failed, as a reason word with the provider's code.</param>
/// <param name="ErrorText">Why it failed, in words.</param>
/// <param name="PricingCategory">What it counts as for the bill.</param>
/// <param name="Billable">Whether it is billed.</param>
/// <param name="OptedOut">Whether it failed because the person wants no more marketing.</param>
/// <param name="StopsChannel">Whether it failed because the provider refuses the whole channel.</param>
/// <param name="Person">Who got it, when told.</param>
public sealed record StatusUpdate(
    string ProviderMessageId,
    MessageId? MessageId,
    MessageState? State,
    DateTimeOffset At,
    string? ErrorCode,
    string? ErrorText,
    string? PricingCategory,
    bool? Billable,
    bool OptedOut = false,
    bool StopsChannel = false,
    PersonIds? Person = null);
