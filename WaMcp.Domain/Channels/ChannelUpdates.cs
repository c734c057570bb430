using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Channels;

/// <summary>What one delivery of a provider says about one channel, in no provider's words.</summary>
/// <param name="ProviderId">The provider's id of the channel.</param>
/// <param name="Messages">What people wrote.</param>
/// <param name="Statuses">What became of what we sent.</param>
public sealed record ChannelUpdates(string ProviderId, IReadOnlyList<InboundMessage> Messages, IReadOnlyList<StatusUpdate> Statuses);

/// <summary>A message that somebody wrote to a channel.</summary>
/// <param name="ProviderMessageId">The provider's id of it; the same delivery twice carries the same.</param>
/// <param name="ProviderUserId">The provider's id of the writer (BSUID), if told.</param>
/// <param name="Phone">Digits of the writer's number, if told.</param>
/// <param name="Name">What the writer calls themselves.</param>
/// <param name="Kind">The provider's word for what it is.</param>
/// <param name="Body">Its text, if it has any.</param>
/// <param name="Raw">The provider's document of it, JSON.</param>
/// <param name="WrittenAt">When the provider says it was written.</param>
public sealed record InboundMessage(
    string ProviderMessageId,
    string? ProviderUserId,
    string? Phone,
    string? Name,
    string Kind,
    string? Body,
    string Raw,
    DateTimeOffset WrittenAt);

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
    bool StopsChannel = false);
