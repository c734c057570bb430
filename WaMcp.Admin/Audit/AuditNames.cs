using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Admin.Audit;

/// <summary>The names that go with the ids in audit rows, as they were when the command began.</summary>
internal sealed class AuditNames
{
    private readonly Dictionary<ClientId, string> clients;
    private readonly Dictionary<ApiKeyId, string> keys;
    private readonly Dictionary<ChannelId, string> channels;

    private AuditNames(Dictionary<ClientId, string> clients, Dictionary<ApiKeyId, string> keys, Dictionary<ChannelId, string> channels) =>
        (this.clients, this.keys, this.channels) = (clients, keys, channels);

    public static async Task<AuditNames> ReadAsync(Invocation run, CancellationToken cancellationToken)
    {
        var context = run.Get<WaMcpDbContext>();
        return new(
            await context.Clients.AsNoTracking().ToDictionaryAsync(client => client.Id, client => client.Slug, cancellationToken),
            await context.ApiKeys.AsNoTracking().ToDictionaryAsync(key => key.Id, key => key.Prefix, cancellationToken),
            await context.Channels.AsNoTracking().ToDictionaryAsync(channel => channel.Id, channel => channel.Name, cancellationToken));
    }

    /// <summary>A row as the console shows it.</summary>
    public AuditLine Line(AuditRow row) => new(
        row.Id,
        AuditTime.ToTime(row.Ts),
        row.Action,
        row.ClientId is { } client ? new ClientId(client).ToString() : null,
        row.ClientId is { } of ? clients.GetValueOrDefault(new(of)) : null,
        row.ApiKeyId is { } key ? new ApiKeyId(key).ToString() : null,
        row.ApiKeyId is { } with ? keys.GetValueOrDefault(new(with)) : null,
        row.RequestId,
        row.ToolName,
        row.ChannelId is { } channel ? new ChannelId(channel).ToString() : null,
        row.ChannelId is { } over ? channels.GetValueOrDefault(new(over)) : null,
        row.ProviderMessageId,
        row.PayloadHash,
        row.ErrorCode,
        row.LatencyMs,
        row.Ip,
        row.UserAgent,
        row.Metadata is { } metadata ? JsonDocument.Parse(metadata).RootElement : null);
}
