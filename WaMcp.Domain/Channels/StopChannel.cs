using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Channels;

/// <summary>Stops a channel that the provider refuses, and tells: an audit row, a count and an error in the log. Runs inside the caller's transaction.</summary>
/// <param name="context">The caller's database.</param>
/// <param name="clock">Stamps it.</param>
/// <param name="logger">Alerts.</param>
public sealed partial class StopChannel(WaMcpDbContext context, TimeProvider clock, ILogger<StopChannel> logger)
{
    /// <summary>Stops it. Many messages of the number may learn it at the same moment; only the first one tells.</summary>
    /// <param name="channel">Which.</param>
    /// <param name="reason">The reason word, with the provider's code.</param>
    /// <param name="text">What the operator should know.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    public async Task ExecuteAsync(ChannelId channel, string reason, string text, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var first = await context.Channels.Where(candidate => candidate.Id == channel && candidate.StoppedAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(candidate => candidate.StoppedAt, (DateTimeOffset?)now).SetProperty(candidate => candidate.StoppedReason, reason),
            cancellationToken) == 1;
        if (first)
        {
            var row = new AuditRecord { Action = AuditAction.ChannelStopped, Ts = now, ChannelId = channel, ErrorCode = reason };
            await AuditTable.WriteAsync((NpgsqlConnection)context.Database.GetDbConnection(), [row], cancellationToken);
            WaMcpTelemetry.ChannelStopped(reason);
            LogStopped(channel, reason, text);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Channel} is stopped ({Reason}): {Text} `admin channels resume` lets it send again.")]
    private partial void LogStopped(ChannelId channel, string reason, string text);
}
