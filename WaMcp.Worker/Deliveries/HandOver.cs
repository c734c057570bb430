using WaMcp.Domain;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Messages;

namespace WaMcp.Worker.Deliveries;

/// <summary>The second step of a send: a message that was taken is handed to its provider, once.</summary>
/// <param name="channels">The providers.</param>
/// <param name="times">How late it may leave.</param>
/// <param name="clock">How late it is.</param>
/// <param name="logger">For what could not be written.</param>
internal sealed partial class HandOver(IEnumerable<IChannel> channels, LeaseTimes times, TimeProvider clock, ILogger<HandOver> logger)
{
    public async Task<SendOutcome> ExecuteAsync(Sending sending, CancellationToken cancellationToken)
    {
        if (clock.GetElapsedTime(sending.Taken) > times.Slack)
        {
            return new SendOutcome.NotSent("late"); // this worker was frozen, or very busy
        }

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
        catch (Fault fault)
        {
            LogNotWritten(fault, sending.Message.Id);
            return new SendOutcome.Refused(fault.Code.Reason, $"{fault.PublicText} {fault.NextAction}"); // nothing left, and nobody can mend it but us
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Message} could not be written for the provider.")]
    private partial void LogNotWritten(Exception exception, MessageId message);
}
