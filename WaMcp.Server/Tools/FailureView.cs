using WaMcp.Domain;
using WaMcp.Domain.Messages;

namespace WaMcp.Server.Tools;

/// <summary>Why a message failed, with what can be done now.</summary>
internal static class FailureView
{
    public static async Task<MessageView.Failure?> OfAsync(IServiceProvider services, Message message, CancellationToken cancellationToken)
    {
        if (message.ErrorCode is not { } code)
        {
            return null;
        }

        var isWindow = code.Split(':')[0] == FaultCode.WindowClosed.Reason;
        return new MessageView.Failure(
            code, message.ErrorText ?? "", isWindow ? await InsteadOfFreeForm.SentenceAsync(services, message.ChannelId, cancellationToken) : null);
    }
}
