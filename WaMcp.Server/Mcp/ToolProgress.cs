using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace WaMcp.Server.Mcp;

/// <summary>Tells a caller who asked for it how far a call is.</summary>
/// <param name="session">The caller's.</param>
/// <param name="token">The caller's word for the call.</param>
internal sealed class ToolProgress(McpSession session, ProgressToken token)
{
    public Task ReportAsync(TimeSpan elapsed, TimeSpan total, string message, CancellationToken cancellationToken) => session.NotifyProgressAsync(
        token,
        new ProgressNotificationValue { Progress = (float)elapsed.TotalSeconds, Total = (float)total.TotalSeconds, Message = message },
        cancellationToken: cancellationToken);
}
