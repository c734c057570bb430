using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Endpoints;

/// <summary>Switches an endpoint off that takes nothing any more, and tells: an audit row, a count and a warning in the log. Runs inside the caller's transaction.</summary>
/// <param name="context">The client's data.</param>
/// <param name="clock">Stamps it.</param>
/// <param name="logger">Warns.</param>
public sealed partial class StopEndpoint(WaMcpDbContext context, TimeProvider clock, ILogger<StopEndpoint> logger)
{
    /// <summary>The reason when an operator did it.</summary>
    public const string Operator = "operator";

    /// <summary>The reason when the receiver said that it wants nothing any more (HTTP 410).</summary>
    public const string Gone = "gone";

    /// <summary>The reason when nothing succeeded for too long.</summary>
    public const string Failing = "failing";

    /// <summary>Switches it off. Many events may find it so at the same moment; only the first one tells.</summary>
    public async Task ExecuteAsync(Endpoint endpoint, string reason, CancellationToken cancellationToken)
    {
        var (id, now) = (endpoint.Id, clock.GetUtcNow());
        var first = await context.Endpoints.Where(candidate => candidate.Id == id && candidate.DisabledAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(candidate => candidate.DisabledAt, (DateTimeOffset?)now).SetProperty(candidate => candidate.DisabledReason, reason),
            cancellationToken) == 1;
        // What waits is not sent when somebody switches it on again meanwhile: a replay is how to have it.
        await context.Database.ExecuteSqlAsync($"DELETE FROM jobs WHERE endpoint_id = {id.Value} AND lease_id IS NULL AND dead_at IS NULL", cancellationToken);
        if (first)
        {
            var row = new AuditRecord
            {
                Action = AuditAction.EndpointDisabled,
                Ts = now,
                ClientId = endpoint.ClientId,
                ErrorCode = reason,
                Metadata = new JsonObject { ["endpoint"] = id.ToString() }.ToJsonString(),
            };
            await AuditTable.WriteAsync((NpgsqlConnection)context.Database.GetDbConnection(), [row], cancellationToken);
            WaMcpTelemetry.EndpointDisabled(reason);
            LogStopped(id, reason);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Endpoint} is switched off ({Reason}); tell its client. `admin endpoints enable` lets it have events again, `admin endpoints replay` those that it missed.")]
    private partial void LogStopped(EndpointId endpoint, string reason);
}
