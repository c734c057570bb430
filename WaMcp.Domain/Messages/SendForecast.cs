using WaMcp.Domain.Conversations;
using WaMcp.Domain.Limits;

namespace WaMcp.Domain.Messages;

/// <summary>What would become of a message if it were sent now.</summary>
/// <param name="Window">The contact's window.</param>
/// <param name="Conversation">The conversation it would belong to, when there is one already.</param>
/// <param name="Refusals">Why it would not go out; empty when it would.</param>
/// <param name="OfKey">The key's daily cap; null when it has none.</param>
/// <param name="OfChannel">The grant's daily cap; null when it has none.</param>
/// <param name="Wait">How long the channel sends nothing, because it has sent all that it may for the moment.</param>
public sealed record SendForecast(
    ServiceWindow Window, ConversationId? Conversation, IReadOnlyList<Fault> Refusals, CapUse? OfKey, CapUse? OfChannel, TimeSpan Wait);
