using WaMcp.Domain;
using WaMcp.Domain.Channels;

namespace WaMcp.Worker.Deliveries;

/// <summary>The second step of a send: a message that was taken is handed to its provider, once.</summary>
/// <param name="channels">The providers.</param>
internal sealed class HandOver(IEnumerable<IChannel> channels)
{
    public async Task<SendOutcome> ExecuteAsync(Sending sending, CancellationToken cancellationToken)
    {
        try
        {
            return await channels.Single(candidate => candidate.Kind == sending.Channel.Kind).SendAsync(
                sending.Channel,
                new Recipient(sending.Contact.ProviderUserId, sending.Contact.Phone),
                sending.Content,
                sending.Message.Id,
                sending.Media.ToDictionary(file => file.Key, file => file.Value.ProviderMediaId),
                cancellationToken);
        }
        catch (Fault fault) when (fault.Code == FaultCode.Misconfigured)
        {
            return new SendOutcome.Postponed("misconfigured", fault.PublicText, RetrySchedule.Usual); // nothing left; an operator can mend it
        }
    }
}
