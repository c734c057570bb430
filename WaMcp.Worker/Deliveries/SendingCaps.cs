using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Limits;
using WaMcp.Domain.Messages;

namespace WaMcp.Worker.Deliveries;

/// <summary>The daily caps of the key and of the grant, taken together or not at all.</summary>
/// <param name="context">The database.</param>
internal sealed class SendingCaps(WaMcpDbContext context)
{
    private const string Savepoint = "caps";

    /// <summary>Takes a place under each cap, inside the transaction that moves the message to sending.</summary>
    /// <returns>Why not, when one is used up.</returns>
    public async Task<SendOutcome.Refused?> TakeAsync(
        IDbContextTransaction transaction, Message message, Grant grant, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        await transaction.CreateSavepointAsync(Savepoint, cancellationToken);
        foreach (var (subject, cap, whose) in await CapsAsync(message, grant, cancellationToken))
        {
            if (!await DailyCap.TryTakeAsync(connection, subject, cap, now, cancellationToken))
            {
                await transaction.RollbackToSavepointAsync(Savepoint, cancellationToken);
                return new SendOutcome.Refused("daily_cap", $"The daily cap of {whose}, {cap} messages in 24 hours, is used up.");
            }
        }

        return null;
    }

    /// <summary>Gives back what <see cref="TakeAsync"/> took: the message did not go out.</summary>
    public async Task GiveBackAsync(NpgsqlConnection connection, Sending sending, CancellationToken cancellationToken)
    {
        foreach (var (subject, _, _) in await CapsAsync(sending.Message, sending.Grant, cancellationToken))
        {
            await DailyCap.GiveBackAsync(connection, subject, sending.TakenAt, cancellationToken);
        }
    }

    private async Task<List<(string Subject, int Cap, string Whose)>> CapsAsync(Message message, Grant grant, CancellationToken cancellationToken)
    {
        var caps = new List<(string, int, string)>();
        if (grant.DailyMessageCap is { } ofGrant)
        {
            caps.Add(($"daily:{grant.ClientId}:{grant.ChannelId}", ofGrant, "this channel"));
        }

        if (message.ApiKeyId is { } key
            && await context.ApiKeys.Where(candidate => candidate.Id == key).Select(candidate => candidate.DailyMessageLimit)
                .SingleAsync(cancellationToken) is { } ofKey)
        {
            caps.Add(($"daily:{key}", ofKey, "this key"));
        }

        return caps;
    }
}
