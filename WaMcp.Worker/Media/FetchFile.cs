using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;
using WaMcp.Worker.Jobs;

namespace WaMcp.Worker.Media;

/// <summary>
/// Fetches the file of one inbound message for one client. Done again after a crash it costs a download and nothing else: the file is in its place and
/// in its message at once, or not at all.
/// </summary>
/// <remarks>
/// The grant is read when the file is to be fetched: after a revocation nothing more is handed over. Whatever goes wrong ends as a word on the message,
/// never as a dead letter; a credential that the provider refuses stops nothing else, and is a warning in the log.
/// </remarks>
/// <param name="context">The client's data.</param>
/// <param name="channels">The providers.</param>
/// <param name="store">Where files are staged.</param>
/// <param name="keep">Keeps it.</param>
/// <param name="queue">Holds the job meanwhile.</param>
/// <param name="lifetime">Ends downloads when the worker stops.</param>
/// <param name="logger">For what an operator must see.</param>
internal sealed partial class FetchFile(
    WaMcpDbContext context, IEnumerable<IChannel> channels, IMediaStore store, KeepInbound keep, JobQueue queue, IHostApplicationLifetime lifetime,
    ILogger<FetchFile> logger) : IJobHandler
{
    // What is left of a lease when a download ends: to keep the file and write that down.
    private static readonly TimeSpan ToRecord = TimeSpan.FromMinutes(1);

    public JobKind Kind => JobKind.FetchMedia;

    public async Task HandleAsync(Job job, CancellationToken cancellationToken)
    {
        var id = new MessageId(job.SubjectId);
        var message = await context.Messages.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken);
        if (message is not { FileState: FileState.Fetching, RevokedAt: null }
            || InboundContent.TryFromJson(message.Content)?.File is not { ProviderMediaId: { } theirs } part
            || !Enum.TryParse<MediaKind>(part.Type, ignoreCase: true, out var kind))
        {
            await EndAsync(job, (_, _) => Task.FromResult(true), cancellationToken); // it was erased, pruned or taken back
            return;
        }

        if (job.Attempts > RetrySchedule.Files.Count + 1)
        {
            await FailAsync(job, FileTrouble.Internal, cancellationToken); // workers die of it
            return;
        }

        var outcome = await TryAsync(job, message, kind, part, theirs, lifetime.ApplicationStopping);
        if (outcome is null)
        {
            await queue.PutBackAsync([job], TimeSpan.Zero, null, CancellationToken.None); // the worker stops; another one begins anew
            return;
        }

        await RecordAsync(job, outcome, cancellationToken);
    }

    private async Task RecordAsync(Job job, DownloadOutcome outcome, CancellationToken cancellationToken)
    {
        var trouble = outcome switch
        {
            DownloadOutcome.Failed failed => failed.Trouble,
            DownloadOutcome.Later later => later.Trouble,
            _ => null,
        };
        WaMcpTelemetry.MediaFetched(trouble ?? "stored");
        if (trouble is FileTrouble.Credential or FileTrouble.StrangeAddress)
        {
            LogRefused(job.ChannelId!.Value, trouble);
        }

        switch (outcome)
        {
            case DownloadOutcome.Later later when job.Attempts <= RetrySchedule.Files.Count:
                await PostponeAsync(job, later, RetrySchedule.Files[job.Attempts - 1], cancellationToken);
                break;
            case DownloadOutcome.Failed or DownloadOutcome.Later:
                await FailAsync(job, trouble!, cancellationToken);
                break;
        }
    }

    // Null: the worker stops.
    private async Task<DownloadOutcome?> TryAsync(
        Job job, Message message, MediaKind kind, InboundContent.FilePart part, string theirs, CancellationToken stopping)
    {
        try
        {
            return await FetchAsync(job, message, kind, part, theirs, stopping);
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            return null;
        }
        catch (Fault fault) when (fault.Code == FaultCode.MediaQuota)
        {
            return new DownloadOutcome.Failed(FileTrouble.QuotaFull);
        }
        catch (Fault fault) when (fault.Code == FaultCode.Misconfigured)
        {
            return new DownloadOutcome.Later(FileTrouble.Credential);
        }
        catch (Exception exception) when (exception is not LeaseLostException)
        {
            LogFailed(exception, job.Id, job.Attempts);
            return new DownloadOutcome.Later(FileTrouble.Internal);
        }
    }

    private async Task<DownloadOutcome> FetchAsync(
        Job job, Message message, MediaKind kind, InboundContent.FilePart part, string theirs, CancellationToken stopping)
    {
        var granted = await context.Grants.AnyAsync(
            grant => grant.ClientId == job.ClientId && grant.ChannelId == message.ChannelId && grant.RevokedAt == null, stopping);
        if (!granted)
        {
            return new DownloadOutcome.Failed(FileTrouble.NoGrant);
        }

        var number = await context.Channels.AsNoTracking().SingleAsync(candidate => candidate.Id == message.ChannelId, stopping);
        var channel = channels.Single(candidate => candidate.Kind == number.Kind);
        await queue.ExtendAsync(job, channel.DownloadTime + ToRecord, stopping);
        var wanted = new WantedFile(theirs, part.Sha256, MediaLimits.Of(kind).MaxBytes, store.StagingFolder, job.Id.ToString());
        var outcome = await channel.DownloadAsync(number, wanted, stopping);
        if (outcome is not DownloadOutcome.Here here)
        {
            return outcome;
        }

        await using (here.File)
        {
            if (await keep.KeepAsync(here, kind, part, stopping) is not { } file)
            {
                return new DownloadOutcome.Failed(FileTrouble.WrongType);
            }

            var isAttached = await EndAsync(job, (id, cancellation) => keep.AttachAsync(id, file, cancellation), stopping);
            return isAttached ? here : new DownloadOutcome.Later(FileTrouble.Internal);
        }
    }

    // The message and the job together, if the lease still holds.
    private async Task<bool> EndAsync(Job job, Func<MessageId, CancellationToken, Task<bool>> change, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        await JobQueue.CompleteAsync((NpgsqlConnection)context.Database.GetDbConnection(), job, cancellationToken);
        var isDone = await change(new MessageId(job.SubjectId), cancellationToken);
        if (isDone)
        {
            await transaction.CommitAsync(cancellationToken);
        }

        return isDone;
    }

    private Task<bool> FailAsync(Job job, string trouble, CancellationToken cancellationToken) => EndAsync(
        job,
        async (id, cancellation) =>
        {
            await Fetching(id).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.FileState, (FileState?)FileState.Failed).SetProperty(row => row.FileError, trouble), cancellation);
            return true;
        },
        cancellationToken);

    private async Task PostponeAsync(Job job, DownloadOutcome.Later later, TimeSpan wait, CancellationToken cancellationToken)
    {
        await Fetching(new MessageId(job.SubjectId)).ExecuteUpdateAsync(set => set.SetProperty(row => row.FileError, later.Trouble), cancellationToken);
        var asked = later.RetryAfter < RetrySchedule.Longest ? later.RetryAfter.Value : wait;
        await queue.ReturnAsync(job, asked > wait ? asked : wait, later.Trouble, cancellationToken);
    }

    private IQueryable<Message> Fetching(MessageId id) => context.Messages.Where(row => row.Id == id && row.FileState == FileState.Fetching);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A file that somebody sent over {Channel} cannot be fetched ({Trouble}); it is tried again, and nothing else stops.")]
    private partial void LogRefused(ChannelId channel, string trouble);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Job} could not fetch a file at attempt {Attempt}.")]
    private partial void LogFailed(Exception exception, JobId job, int attempt);
}
