using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Conversations;

namespace WaMcp.Domain.Messages;

/// <summary>What is refused before a message is accepted, because the provider would refuse it for certain.</summary>
internal static class SendRules
{
    /// <summary>Every reason against it; none when it can be accepted.</summary>
    /// <param name="content">What.</param>
    /// <param name="recipient">To whom, as the caller named them.</param>
    /// <param name="contact">The same, as far as they are known.</param>
    /// <param name="window">Their window.</param>
    public static IEnumerable<Fault> Refusals(
        MessageContent content, Recipient recipient, Contact? contact, ServiceWindow window)
    {
        if (content.IsFreeForm && window is { State: WindowState.Closed, Until: { } closed })
        {
            yield return new Fault(
                FaultCode.WindowClosed,
                $"This person last wrote more than 24 hours ago; the window closed at {closed:yyyy-MM-dd HH:mm}Z.",
                "Only an approved template reaches them until they write again.");
        }

        if (content.Category == MessageCategory.Marketing && contact?.MarketingStoppedAt is { } stopped)
        {
            yield return new Fault(
                FaultCode.OptedOut,
                $"This person stopped marketing messages on {stopped:yyyy-MM-dd}.",
                "Do not send them marketing; utility templates and answers are still possible.");
        }

        if (content.Category == MessageCategory.Authentication && (recipient.Phone ?? contact?.Phone) is null)
        {
            yield return new Fault(
                FaultCode.PhoneNeeded,
                "An authentication template can only be sent to a phone number.",
                "Give the person's phone number as to, or ask for it with send_interactive (requestContactInfo).",
                "to");
        }
    }
}
