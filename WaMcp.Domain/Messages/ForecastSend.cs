using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Data;
using WaMcp.Domain.Limits;

namespace WaMcp.Domain.Messages;

/// <summary>Says what would become of a message, and writes nothing.</summary>
/// <param name="context">The scope's client's data.</param>
/// <param name="database">For what belongs to no client.</param>
/// <param name="clock">The present.</param>
public sealed class ForecastSend(WaMcpDbContext context, NpgsqlDataSource database, TimeProvider clock)
{
    /// <summary>Looks.</summary>
    /// <param name="order">What is to be sent.</param>
    /// <param name="client">Who would send it.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="Fault"><c>invalid_input</c>: such a message cannot be sent at all.</exception>
    public async Task<SendForecast> ExecuteAsync(MessageOrder order, ClientContext client, CancellationToken cancellationToken)
    {
        order.Content.Check();
        var (contact, conversation, window) = await LookAsync(order, cancellationToken);
        var (ofKey, ofChannel) = await CapsAsync(client, order.Channel, cancellationToken);
        var channel = await context.Channels.AsNoTracking().SingleAsync(row => row.Id == order.Channel.Id, cancellationToken);
        List<Fault> refusals = [.. SendRules.Refusals(order.Content, order.Recipient, contact, window)];
        if (channel.StoppedReason is { } stopped)
        {
            refusals.Add(new Fault(
                FaultCode.ChannelStopped,
                $"The channel is stopped ({stopped}).",
                "What is sent now waits until the operator lets the channel send again."));
        }

        AddCap(ofKey, "this key");
        AddCap(ofChannel, "this channel");
        return new SendForecast(window, conversation?.Id, refusals, ofKey, ofChannel, await WaitAsync(order.Channel.Id, cancellationToken));

        void AddCap(CapUse? use, string whose)
        {
            if (use is { Left: 0 })
            {
                refusals.Add(new Fault(
                    FaultCode.DailyCap,
                    $"The daily cap of {whose}, {use.Cap} messages in 24 hours, is used up.",
                    "Send it later, or ask the operator for a higher cap.",
                    retryAt: use.NextFreeAt));
            }
        }
    }

    /// <summary>Refuses what could not be accepted now, before it costs anything.</summary>
    /// <exception cref="Fault"><c>window_closed</c>, <c>opted_out</c>, <c>phone_needed</c>.</exception>
    public async Task RequireAsync(MessageOrder order, CancellationToken cancellationToken)
    {
        var (contact, _, window) = await LookAsync(order, cancellationToken);
        if (SendRules.Refusals(order.Content, order.Recipient, contact, window).FirstOrDefault() is { } refusal)
        {
            throw refusal;
        }
    }

    /// <summary>The caps on what this caller sends over a channel.</summary>
    public async Task<(CapUse? OfKey, CapUse? OfChannel)> CapsAsync(ClientContext client, GrantedChannel? channel, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return (
            client is { ApiKeyId: { } key, DailyMessageLimit: { } limit }
                ? await DailyCap.ReadAsync(database, DailyCap.SubjectOf(key), limit, now, cancellationToken) : null,
            channel is { DailyMessageCap: { } cap }
                ? await DailyCap.ReadAsync(database, DailyCap.SubjectOf(client.ClientId, channel.Id), cap, now, cancellationToken) : null);
    }

    private async Task<(Contact? Contact, Conversation? Conversation, ServiceWindow Window)> LookAsync(MessageOrder order, CancellationToken cancellationToken)
    {
        var contact = await context.Contacts.Named(order.Channel.Id, order.Recipient).AsNoTracking().OrderBy(row => row.Id).FirstOrDefaultAsync(cancellationToken);
        var conversation = contact is null ? null : await context.Conversations.AsNoTracking()
            .SingleOrDefaultAsync(row => row.ChannelId == order.Channel.Id && row.ContactId == contact.Id, cancellationToken);
        return (contact, conversation, ServiceWindow.Of(conversation?.LastInboundAt, clock.GetUtcNow()));
    }

    private async Task<TimeSpan> WaitAsync(ChannelId channel, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT tat - now() FROM pacing WHERE subject = 'number:' || $1::text");
        command.Parameters.AddWithValue(channel.Value);
        return await command.ExecuteScalarAsync(cancellationToken) is TimeSpan wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }
}
