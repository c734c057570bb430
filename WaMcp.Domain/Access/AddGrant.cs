using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Access;

/// <summary>Gives a client the right to use tools on a channel. A second grant on the same channel replaces the first.</summary>
/// <param name="context">The database.</param>
/// <param name="clients">Finds the client.</param>
/// <param name="channels">Finds the channel.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="clock">Stamps it.</param>
public sealed class AddGrant(WaMcpDbContext context, FindClient clients, FindChannel channels, AuditedChange change, TimeProvider clock)
{
    /// <summary>Adds the grant.</summary>
    /// <param name="client">Id or slug.</param>
    /// <param name="channel">Id, name or phone number id.</param>
    /// <param name="tools">Names of tools.</param>
    /// <param name="dailyCap">Messages in 24 hours.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <exception cref="Fault"><c>not_found</c>, <c>invalid_input</c>.</exception>
    public async Task<Grant> ExecuteAsync(
        string client, string channel, IReadOnlyCollection<string> tools, int? dailyCap, CancellationToken cancellationToken)
    {
        ToolNames.Require("tools", tools);
        if (dailyCap is < 0)
        {
            throw Fault.Invalid("daily-cap", "must be 0 or more messages.");
        }

        var to = await clients.ExecuteAsync(client, cancellationToken);
        var on = await channels.ExecuteAsync(channel, cancellationToken);
        var now = clock.GetUtcNow();
        var replaced = await context.Grants
            .SingleOrDefaultAsync(grant => grant.ClientId == to.Id && grant.ChannelId == on.Id && grant.RevokedAt == null, cancellationToken);
        replaced?.RevokedAt = now;
        var added = new Grant
        {
            Id = TypedId.New<GrantId>(),
            ClientId = to.Id,
            ChannelId = on.Id,
            Tools = [.. tools.Distinct().Order(StringComparer.Ordinal)],
            DailyMessageCap = dailyCap,
            CreatedAt = now,
        };
        context.Grants.Add(added);
        try
        {
            await change.SaveAsync(
                change.Row(AuditAction.GrantAdded) with { ClientId = to.Id, ChannelId = on.Id },
                new() { ["grant"] = added.Id.ToString(), ["tools"] = string.Join(',', added.Tools), ["dailyCap"] = dailyCap, ["replaced"] = replaced?.Id.ToString() },
                cancellationToken);
        }
        catch (DbUpdateException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new Fault(FaultCode.Conflict, "Somebody else granted this channel just now.", "Run `admin grants list` and try again.");
        }

        return added;
    }
}
