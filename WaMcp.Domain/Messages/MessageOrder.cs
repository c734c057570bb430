using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;

namespace WaMcp.Domain.Messages;

/// <summary>A message that somebody wants to have sent.</summary>
/// <param name="Channel">Over which channel; the caller has checked the grant.</param>
/// <param name="Recipient">To whom.</param>
/// <param name="Content">What.</param>
/// <param name="Key">With which key; null at the machine itself.</param>
/// <param name="RequestId">In which request.</param>
/// <param name="Repeat">What makes it the same order when it comes again; null when every order is a new one.</param>
public sealed record MessageOrder(
    GrantedChannel Channel, Recipient Recipient, MessageContent Content, ApiKeyId? Key, string RequestId, RepeatKey? Repeat = null);
