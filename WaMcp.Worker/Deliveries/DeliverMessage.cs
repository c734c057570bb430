using System.Collections.ObjectModel;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Media;
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
/// <param name="logger">Alerts when a channel stops.</param>
internal sealed partial class DeliverMessage(
    WaMcpDbContext context, IEnumerable<IChannel> channels, SendingCaps caps, TimeProvider clock, ILogger<DeliverMessage> logger) : IJobHandler
{
    // Well within a lease.
    private static readonly TimeSpan[] RecordSchedule =
        [TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(0.8), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5)];

    /// <summary>How long writing down the outcome may take; a lease has to be longer than this and the provider's answer.</summary>
    public static readonly TimeSpan RecordTime = TimeSpan.FromSeconds(RecordSchedule.Sum(pause => pause.TotalSeconds));

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
        if (channel.StoppedReason is { } stopped)
        {
            await JobQueue.PutBackAsync(Connection, job, stopped, cancellationToken); // it stopped since the job was claimed
            await transaction.CommitAsync(cancellationToken);
            return null;
        }

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
        if (grant is null || !grant.Tools.Contains(ToolNames.ThatSends(message.Kind)))
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
                ReadOnlyDictionary<MediaObjectId, string>.Empty,
                cancellationToken);
        }
        catch (Fault fault) when (fault.Code == FaultCode.Misconfigured)
        {
            return new SendOutcome.Postponed("misconfigured", fault.PublicText, RetrySchedule.Usual); // nothing left; an operator can mend it
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
            case SendOutcome.Postponed postponed when postponed.WaitAfter(job.Attempts) is { } wait:
                await RequeueAsync(message, sending, postponed.Code, cancellationToken);
                await JobQueue.PostponeAsync(Connection, job, wait, postponed.Code, cancellationToken);
                if (postponed.WholeNumber)
                {
                    await JobQueue.PauseAsync(Connection, message.ChannelId, wait, cancellationToken);
                    LogPaused(message.ChannelId, postponed.Code, wait);
                }

                await transaction.CommitAsync(cancellationToken);
                return;
            case SendOutcome.Stopped stopped:
                await RequeueAsync(message, sending, stopped.Code, cancellationToken);
                await JobQueue.PutBackAsync(Connection, job, stopped.Code, cancellationToken);
                await StopAsync(message.ChannelId, stopped, cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                return;
            case SendOutcome.Unknown unknown:
                Doubt(message, unknown.Text);
                await AuditAsync(message, AuditAction.SendFailed, message.ErrorCode, cancellationToken);
                break;
            default:
                var refused = outcome as SendOutcome.Refused ?? GivenUp((SendOutcome.Postponed)outcome);
                Fail(message, refused.Code, refused.Text);
                await caps.GiveBackAsync(Connection, sending, cancellationToken);
                await AuditAsync(message, AuditAction.SendFailed, refused.Code, cancellationToken);
                if (refused.OptedOut)
                {
                    var contact = await context.Contacts.SingleAsync(candidate => candidate.Id == message.ContactId, cancellationToken);
                    contact.MarketingStoppedAt ??= clock.GetUtcNow();
                }

                break;
        }

        await CompleteAsync(job, transaction, cancellationToken);
    }

    private static SendOutcome.Refused GivenUp(SendOutcome.Postponed postponed) => new(postponed.Code, postponed.Text);

    private async Task RequeueAsync(Message message, Sending sending, string reason, CancellationToken cancellationToken)
    {
        message.MoveTo(MessageState.Queued, clock.GetUtcNow());
        await caps.GiveBackAsync(Connection, sending, cancellationToken);
        await AuditAsync(message, AuditAction.SendFailed, reason, cancellationToken);
        await context.SaveChangesAsync(cancellationToken);
    }

    // Several messages of the number may learn it at the same moment; the first one tells.
    private async Task StopAsync(ChannelId channel, SendOutcome.Stopped stopped, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var first = await context.Channels.Where(candidate => candidate.Id == channel && candidate.StoppedAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(candidate => candidate.StoppedAt, (DateTimeOffset?)now).SetProperty(candidate => candidate.StoppedReason, stopped.Code),
            cancellationToken) == 1;
        if (first)
        {
            var row = new AuditRecord { Action = AuditAction.ChannelStopped, Ts = now, ChannelId = channel, ErrorCode = stopped.Code };
            await AuditTable.WriteAsync(Connection, [row], cancellationToken);
            WaMcpTelemetry.ChannelStopped(stopped.Code);
            LogStopped(channel, stopped.Code, stopped.Text);
        }
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

    [LoggerMessage(Level = LogLevel.Error, Message = "{Channel} is stopped ({Reason}): {Text} `admin channels resume` lets it send again.")]
    private partial void LogStopped(ChannelId channel, string reason, string text);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Channel} sends nothing for {Pause} ({Reason}).")]
    private partial void LogPaused(ChannelId channel, string reason, TimeSpan pause);
}

/// <summary>A message that was taken, with what sending it needs.</summary>
internal sealed record Sending(Message Message, MessageContent Content, Channel Channel, Contact Contact, Grant Grant, DateTimeOffset TakenAt);
