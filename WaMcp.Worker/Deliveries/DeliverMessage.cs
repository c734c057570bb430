using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Messages;
using WaMcp.Worker.Jobs;

namespace WaMcp.Worker.Deliveries;

/// <summary>
/// Sends one message, in three steps: take it (durable before anything leaves), hand it to the provider once, write down how that
/// ended. A crash between the first and the third leaves a message in <c>sending</c>; whoever finds it there makes it
/// <c>unknown</c> and never sends it again: the provider's status settles it.
/// </summary>
/// <param name="context">The client's data.</param>
/// <param name="channels">The providers.</param>
/// <param name="caps">Daily caps.</param>
/// <param name="clock">Stamps states and rows.</param>
internal sealed class DeliverMessage(WaMcpDbContext context, IEnumerable<IChannel> channels, SendingCaps caps, TimeProvider clock) : IJobHandler
{
    // Waits before the provider is asked again; after the last, the message has failed.
    private static readonly TimeSpan[] RetrySchedule =
    [
        TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10),
        TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromHours(2),
    ];

    // Well within a lease.
    private static readonly TimeSpan[] RecordSchedule =
        [TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(6)];

    private const string SendTool = "send_message";

    public JobKind Kind => JobKind.Deliver;

    private NpgsqlConnection Connection => (NpgsqlConnection)context.Database.GetDbConnection();

    public async Task HandleAsync(Job job, CancellationToken cancellationToken)
    {
        if (await TakeAsync(job, cancellationToken) is not { } sending)
        {
            return;
        }

        var outcome = await HandOverAsync(sending, cancellationToken);
        await RecordPatientlyAsync(job, sending, outcome, cancellationToken);
        if (outcome is SendOutcome.Accepted { ProviderUserId: { } providerUserId })
        {
            await LearnAsync(sending.Contact.Id, providerUserId, cancellationToken);
        }
    }

    // The outcome is known only here: a database that is away for a moment must not turn it into an unknown one.
    private async Task RecordPatientlyAsync(Job job, Sending sending, SendOutcome outcome, CancellationToken cancellationToken)
    {
        foreach (var pause in RecordSchedule)
        {
            try
            {
                await RecordAsync(job, sending, outcome, cancellationToken);
                return;
            }
            catch (Exception exception) when (exception is not LeaseLostException)
            {
                await Task.Delay(pause, clock, cancellationToken);
            }
        }

        await RecordAsync(job, sending, outcome, cancellationToken);
    }

    private async Task<Sending?> TakeAsync(Job job, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        await JobQueue.HoldAsync(Connection, job, cancellationToken);
        var message = await context.LockAsync(new MessageId(job.SubjectId), cancellationToken);
        if (message is not { State: MessageState.Queued })
        {
            await SettleAsync(job, message, transaction, cancellationToken);
            return null;
        }

        var channel = await context.Channels.SingleAsync(candidate => candidate.Id == message.ChannelId, cancellationToken);
        var contact = await context.Contacts.SingleAsync(candidate => candidate.Id == message.ContactId, cancellationToken);
        var grant = await context.Grants.SingleOrDefaultAsync(
            candidate => candidate.ClientId == message.ClientId && candidate.ChannelId == message.ChannelId && candidate.RevokedAt == null,
            cancellationToken);
        var now = clock.GetUtcNow();
        var content = MessageContent.TryFromJson(message.Raw);
        var refusal = message.Raw is null ? new SendOutcome.Refused("content_gone", "What it said was erased before it could be sent.")
            : content is null ? new SendOutcome.Refused("unsupported_type", "This version cannot send this kind of message.")
            : await StoppedAsync(message, grant, cancellationToken)
                ?? await caps.TakeAsync(transaction, message, grant!, now, cancellationToken);
        if (refusal is not null)
        {
            Fail(message, refusal.Code, refusal.Text);
            await AuditAsync(message, AuditAction.SendFailed, refusal.Code, cancellationToken);
            await CompleteAsync(job, transaction, cancellationToken);
            return null;
        }

        message.MoveTo(MessageState.Sending, now);
        await context.SaveChangesAsync(cancellationToken);
        await AuditAsync(message, AuditAction.SendAttempt, null, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new Sending(message, content!, channel, contact, grant!, now);
    }

    // What an operator took back since the message was accepted stops it here.
    private async Task<SendOutcome.Refused?> StoppedAsync(Message message, Grant? grant, CancellationToken cancellationToken)
    {
        if (grant is null || !grant.Tools.Contains(SendTool))
        {
            return new("grant_denied", "The grant on this channel was revoked before the message was sent.");
        }

        if (await context.Clients.AnyAsync(client => client.Id == message.ClientId && client.DisabledAt != null, cancellationToken))
        {
            return new("client_disabled", "The client was disabled before the message was sent.");
        }

        var key = await context.ApiKeys.AsNoTracking().SingleOrDefaultAsync(candidate => candidate.Id == message.ApiKeyId, cancellationToken);
        return key is { RevokedAt: not null, EndedByRotation: false }
            ? new("key_revoked", "The key was revoked before the message was sent.")
            : null;
    }

    // Somebody took the message before: it is settled, or its outcome is unknown.
    private async Task SettleAsync(Job job, Message? message, IDbContextTransaction transaction, CancellationToken cancellationToken)
    {
        if (message is { State: MessageState.Sending })
        {
            Doubt(message, "The worker stopped while the message was on its way.");
            await AuditAsync(message, AuditAction.SendFailed, message.ErrorCode, cancellationToken);
        }
        else if (message is { State: MessageState.Cancelled })
        {
            await AuditAsync(message, AuditAction.SendFailed, "cancelled", cancellationToken);
        }

        await CompleteAsync(job, transaction, cancellationToken);
    }

    private async Task<SendOutcome> HandOverAsync(Sending sending, CancellationToken cancellationToken)
    {
        try
        {
            var (message, channel, contact) = (sending.Message, sending.Channel, sending.Contact);
            return await channels.Single(candidate => candidate.Kind == channel.Kind).SendAsync(
                channel,
                new Recipient(contact.ProviderUserId, contact.Phone),
                sending.Content,
                message.Id,
                cancellationToken);
        }
        catch (Domain.Fault fault) when (fault.Code == Domain.FaultCode.Misconfigured)
        {
            return new SendOutcome.Postponed("misconfigured", fault.PublicText); // nothing left; an operator can mend it
        }
    }

    private async Task RecordAsync(Job job, Sending sending, SendOutcome outcome, CancellationToken cancellationToken)
    {
        context.ChangeTracker.Clear();
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        await JobQueue.HoldAsync(Connection, job, cancellationToken);
        var message = await context.LockAsync(sending.Message.Id, cancellationToken)
            ?? throw new InvalidOperationException("A message that was being sent is gone.");
        switch (outcome)
        {
            case SendOutcome.Accepted accepted:
                message.ProviderMessageId ??= accepted.ProviderMessageId;
                message.MoveTo(MessageState.Sent, clock.GetUtcNow()); // no move when the status was faster
                await AuditAsync(message, AuditAction.SendSuccess, null, cancellationToken);
                break;
            case SendOutcome.Postponed postponed when job.Attempts <= RetrySchedule.Length:
                message.MoveTo(MessageState.Queued, clock.GetUtcNow());
                await caps.GiveBackAsync(Connection, sending, cancellationToken);
                await AuditAsync(message, AuditAction.SendFailed, postponed.Code, cancellationToken);
                await context.SaveChangesAsync(cancellationToken);
                await JobQueue.PostponeAsync(
                    Connection, job, postponed.RetryAfter ?? RetrySchedule[job.Attempts - 1], postponed.Code, cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                return;
            case SendOutcome.Unknown unknown:
                Doubt(message, unknown.Text);
                await AuditAsync(message, AuditAction.SendFailed, message.ErrorCode, cancellationToken);
                break;
            default:
                var (code, text) = outcome is SendOutcome.Refused refused
                    ? (refused.Code, refused.Text)
                    : (((SendOutcome.Postponed)outcome).Code, ((SendOutcome.Postponed)outcome).Text);
                Fail(message, code, text);
                await caps.GiveBackAsync(Connection, sending, cancellationToken);
                await AuditAsync(message, AuditAction.SendFailed, code, cancellationToken);
                break;
        }

        await CompleteAsync(job, transaction, cancellationToken);
    }

    private void Fail(Message message, string code, string text)
    {
        if (message.MoveTo(MessageState.Failed, clock.GetUtcNow()))
        {
            (message.ErrorCode, message.ErrorText) = (code, text);
        }
    }

    private void Doubt(Message message, string text)
    {
        if (message.MoveTo(MessageState.Unknown, clock.GetUtcNow()))
        {
            (message.ErrorCode, message.ErrorText) = ("unknown_outcome", $"{text} It is not sent again; the provider's status will settle it.");
        }
    }

    // A number can change hands, the provider's id cannot, so it is worth knowing as soon as it is told. Not part of the outcome: if
    // it fails, the next message tells it again.
    private async Task LearnAsync(ContactId id, string providerUserId, CancellationToken cancellationToken)
    {
        await context.Database.ExecuteSqlAsync(
            $"""
            UPDATE contacts SET provider_user_id = {providerUserId}
            WHERE id = {id.Value} AND provider_user_id IS NULL AND erased_at IS NULL AND NOT EXISTS (
                SELECT FROM contacts other WHERE other.channel_id = contacts.channel_id AND other.client_id = contacts.client_id
                    AND other.provider_user_id = {providerUserId})
            """,
            cancellationToken);
    }

    private async Task CompleteAsync(Job job, IDbContextTransaction transaction, CancellationToken cancellationToken)
    {
        await context.SaveChangesAsync(cancellationToken);
        await JobQueue.CompleteAsync(Connection, job, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private Task AuditAsync(Message message, string action, string? error, CancellationToken cancellationToken) => AuditTable.WriteAsync(
        Connection,
        [
            new AuditRecord
            {
                Action = action,
                Ts = clock.GetUtcNow(),
                ClientId = message.ClientId,
                ApiKeyId = message.ApiKeyId,
                RequestId = message.RequestId,
                ChannelId = message.ChannelId,
                ProviderMessageId = message.ProviderMessageId,
                ErrorCode = error,
            },
        ],
        cancellationToken);
}

/// <summary>A message that was taken, with what sending it needs.</summary>
internal sealed record Sending(Message Message, MessageContent Content, Channel Channel, Contact Contact, Grant Grant, DateTimeOffset TakenAt);
