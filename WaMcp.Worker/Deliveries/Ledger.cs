using Npgsql;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Messages;

namespace WaMcp.Worker.Deliveries;

/// <summary>What a batch of messages came to: collected message by message, then written with one statement for each table.</summary>
/// <param name="now">The moment of the batch.</param>
internal sealed class Ledger(DateTimeOffset now)
{
    private readonly List<Message> messages = [];
    private readonly List<Job> done = [];
    private readonly List<HeldJobs.Return> returned = [];
    private readonly List<AuditRecord> audit = [];

    /// <summary>The message is as it is now; its job is done.</summary>
    public void Complete(Job job, Message? message = null)
    {
        done.Add(job);
        if (message is not null)
        {
            messages.Add(message);
        }
    }

    /// <summary>The message is on its way, or waits again; its job stays.</summary>
    public void Keep(Message message) => messages.Add(message);

    /// <summary>The job goes back into the queue.</summary>
    public void Return(Job job, TimeSpan wait, string error, bool counts) => returned.Add(new(job, wait, error, counts));

    /// <summary>It will not be sent, or was not taken; unless a status said otherwise before.</summary>
    public void Fail(Message message, string code, string text)
    {
        if (message.MoveTo(MessageState.Failed, now))
        {
            (message.ErrorCode, message.ErrorText) = (code, text);
        }

        AuditEnd(message);
    }

    /// <summary>Nobody knows whether it was sent; unless a status said so before.</summary>
    public void Doubt(Message message, string text)
    {
        if (message.MoveTo(MessageState.Unknown, now))
        {
            (message.ErrorCode, message.ErrorText) = ("unknown_outcome", $"{text} It is not sent again; the provider's status will settle it.");
        }

        AuditEnd(message);
    }

    /// <summary>The row of how the send ended, which may be what a status told before we could: each attempt has one.</summary>
    public void AuditEnd(Message message)
    {
        if (message.State is MessageState.Sent or MessageState.Delivered or MessageState.Read)
        {
            Audit(message, AuditAction.SendSuccess);
        }
        else
        {
            Audit(message, AuditAction.SendFailed, message.State == MessageState.Cancelled ? "cancelled" : message.ErrorCode);
        }
    }

    public void Audit(Message message, string action, string? error = null) => audit.Add(new()
    {
        Action = action,
        Ts = now,
        ClientId = message.ClientId,
        ApiKeyId = message.ApiKeyId,
        RequestId = message.RequestId,
        ChannelId = message.ChannelId,
        ProviderMessageId = message.ProviderMessageId,
        ErrorCode = error,
    });

    public void Audit(AuditRecord row) => audit.Add(row with { Ts = now });

    /// <summary>Writes all of it, inside the connection's transaction, which holds the jobs' leases and the messages' locks.</summary>
    public async Task WriteAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await SaveMessages.ExecuteAsync(connection, messages, cancellationToken);
        await HeldJobs.ReturnAsync(connection, returned, cancellationToken);
        await HeldJobs.CompleteAsync(connection, done, cancellationToken);
        if (audit.Count > 0)
        {
            await AuditTable.WriteAsync(connection, audit, cancellationToken);
        }
    }
}
