using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;

namespace WaMcp.Worker.Deliveries;

/// <summary>
/// What comes before the first step of a send that carries files: the provider gets them, and the message goes back into the queue, to be taken
/// as if nothing had been. Done again after a crash it costs an upload and nothing else, so nothing about it is ever in doubt.
/// </summary>
/// <param name="context">The client's data.</param>
/// <param name="channels">The providers.</param>
/// <param name="store">Has the files.</param>
/// <param name="queue">Holds the job meanwhile.</param>
/// <param name="stop">Stops a number that the provider refuses.</param>
/// <param name="clock">Stamps rows.</param>
internal sealed class UploadMedia(
    WaMcpDbContext context, IEnumerable<IChannel> channels, IMediaStore store, JobQueue queue, StopChannel stop, TimeProvider clock)
{
    /// <summary>The word on jobs that wait for an upload.</summary>
    public const string Waiting = "uploading";

    /// <summary>How long they wait at most: until the one that is under way ends, which wakes them.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromMinutes(1);

    /// <summary>A copy that the provider keeps for no longer than this is not relied on.</summary>
    public static readonly TimeSpan RenewBefore = TimeSpan.FromDays(1);

    // What is left of a lease when an upload ends: to write that down.
    private static readonly TimeSpan ToRecord = TimeSpan.FromSeconds(30);

    private NpgsqlConnection Connection => (NpgsqlConnection)context.Database.GetDbConnection();

    /// <summary>Uploads what is missing, and puts the job back or ends the message.</summary>
    /// <returns>How many files were uploaded.</returns>
    /// <exception cref="LeaseLostException">Somebody else has the job.</exception>
    public async Task<int> ExecuteAsync(Unready unready, CancellationToken cancellationToken)
    {
        var channel = channels.Single(candidate => candidate.Kind == unready.Channel.Kind);
        var uploaded = 0;
        try
        {
            foreach (var id in unready.Missing)
            {
                await queue.ExtendAsync(unready.Delivery.Job, channel.UploadTime + ToRecord, cancellationToken);
                if (await UploadAsync(channel, unready.Channel, id, cancellationToken) is { } failure)
                {
                    await GiveUpAsync(unready, failure, CancellationToken.None);
                    await WakeAsync(unready);
                    return uploaded;
                }

                uploaded++;
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The worker stops; another one begins anew.
        }

        await queue.PutBackAsync([unready.Delivery.Job], TimeSpan.Zero, null, CancellationToken.None);
        await WakeAsync(unready);
        return uploaded;
    }

    // Others may wait for the same file, or for a place to upload theirs.
    private async Task WakeAsync(Unready unready)
    {
        var (channel, kind) = (unready.Channel.Id.Value, nameof(JobKind.Deliver));
        await context.Database.ExecuteSqlAsync(
            $"""
            WITH woken AS (
                UPDATE jobs SET run_at = now()
                WHERE kind = {kind} AND channel_id = {channel} AND last_error = {Waiting} AND lease_id IS NULL AND dead_at IS NULL AND run_at > now())
            SELECT pg_notify({JobQueue.Notification}, {kind})
            """,
            CancellationToken.None);
    }

    private async Task<SendOutcome?> UploadAsync(IChannel channel, Channel number, MediaObjectId id, CancellationToken cancellationToken)
    {
        var file = await context.MediaObjects.AsNoTracking().SingleOrDefaultAsync(candidate => candidate.Id == id, cancellationToken);
        await using var content = file is null ? null : await store.OpenAsync(file.ClientId, file.Sha256, cancellationToken);
        if (content is null)
        {
            return new SendOutcome.Refused("media_gone", "The file was deleted before the message was sent. Pass it again in a new message.");
        }

        UploadOutcome outcome;
        try
        {
            outcome = await channel.UploadAsync(number, file!, content, cancellationToken);
        }
        catch (Fault fault) when (fault.Code == FaultCode.Misconfigured)
        {
            return new SendOutcome.Postponed("misconfigured", fault.PublicText, RetrySchedule.Usual);
        }

        WaMcpTelemetry.MediaUploaded(outcome.Failure is null ? "ok" : "failed", file!.Size);
        if (outcome is { ProviderMediaId: { } theirs })
        {
            await RememberAsync(file, number.Id, theirs, channel.KeepsUploads, cancellationToken);
        }

        return outcome.Failure;
    }

    private async Task RememberAsync(MediaObject file, ChannelId number, string theirs, TimeSpan kept, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO media_uploads (id, client_id, media_id, channel_id, provider_media_id, created_at, expires_at)
            VALUES ({TypedId.New<MediaUploadId>().Value}, {file.ClientId.Value}, {file.Id.Value}, {number.Value}, {theirs}, {now}, {now + kept})
            ON CONFLICT (client_id, media_id, channel_id) DO UPDATE
                SET provider_media_id = excluded.provider_media_id, created_at = excluded.created_at, expires_at = excluded.expires_at
            """,
            cancellationToken);
    }

    private async Task GiveUpAsync(Unready unready, SendOutcome failure, CancellationToken cancellationToken)
    {
        var job = unready.Delivery.Job;
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        if (!(await HeldJobs.HoldAsync(Connection, [job], TakeMessages.Patience, wait: true, cancellationToken)).Held.ContainsKey(job.Id))
        {
            throw new LeaseLostException(job.Id);
        }

        var ledger = new Ledger(clock.GetUtcNow());
        switch (failure)
        {
            case SendOutcome.Postponed postponed when postponed.WaitAfter(job.Attempts) is { } wait:
                ledger.Return(job, wait, postponed.Code, counts: true);
                break;
            case SendOutcome.Stopped stopped:
                ledger.Return(job, TimeSpan.Zero, stopped.Code, counts: false);
                await stop.ExecuteAsync(unready.Channel.Id, stopped.Code, stopped.Text, cancellationToken);
                break;
            default:
                var (code, text) = failure is SendOutcome.Postponed late ? (late.Code, late.Text) : ((SendOutcome.Refused)failure is var refused ? (refused.Code, refused.Text) : default);
                var message = (await context.LockAsync([unready.Delivery.MessageId], wait: true, cancellationToken)).GetValueOrDefault(unready.Delivery.MessageId);
                if (message is { State: MessageState.Queued })
                {
                    ledger.Fail(message, code, text);
                }

                ledger.Complete(job, message);
                break;
        }

        await ledger.WriteAsync(Connection, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
