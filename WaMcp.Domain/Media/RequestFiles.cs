using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Media;

/// <summary>Has the files of recorded messages of the scope's client fetched, and those of messages that were taken back given up.</summary>
/// <remarks>
/// Inside the transaction that records the messages: there is a job if, and only if, there is a message with a file. One that is being fetched or is
/// here is not asked for again, however often its message comes or is edited; one that could not be had is, so an operator's replay is a new attempt.
/// </remarks>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="media">Gives files up.</param>
public sealed class RequestFiles(WaMcpDbContext context, TenantContext tenant, MarkMedia media)
{
    /// <summary>Looks after the files of what a delivery said, once it is recorded.</summary>
    /// <returns>Whether there are files to fetch: somebody has to be woken for them after the commit.</returns>
    public async Task<bool> ExecuteAsync(
        ChannelId channel, IReadOnlyList<InboundMessage> messages, IReadOnlyList<MessageChange> changes, CancellationToken cancellationToken)
    {
        string[] carrying =
        [
            .. messages.Where(HasFile).Select(message => message.ProviderMessageId)
                .Concat(changes.Where(change => change.Edit is { } edit && HasFile(edit)).Select(change => change.ProviderMessageId)).Distinct(),
        ];
        string?[] revoked = [.. changes.Where(change => change.Edit is null).Select(change => change.ProviderMessageId).Distinct()];
        var isWanted = carrying.Length > 0 && await FetchAsync(channel, carrying, cancellationToken);

        if (revoked.Length > 0)
        {
            await GiveUpAsync(channel, revoked, cancellationToken);
        }

        return isWanted;
    }

    /// <summary>Whether a message comes with a file.</summary>
    public static bool HasFile(InboundMessage message) => message.Content?.File?.ProviderMediaId is not null;

    private async Task<bool> FetchAsync(ChannelId channel, string[] carrying, CancellationToken cancellationToken)
    {
        var client = tenant.ClientId;
        var wanted = await context.Database
            .SqlQuery<Guid>(
                $"""
                UPDATE messages SET file_state = {nameof(FileState.Fetching)}, file_error = NULL
                WHERE client_id = {client.Value} AND channel_id = {channel.Value} AND provider_message_id = ANY ({carrying})
                    AND direction = {nameof(MessageDirection.Inbound)} AND revoked_at IS NULL
                    AND (file_state IS NULL OR file_state = {nameof(FileState.Failed)}) AND content -> 'file' ->> 'providerMediaId' IS NOT NULL
                RETURNING id AS "Value"
                """)
            .ToListAsync(cancellationToken);
        var jobs = wanted.ConvertAll(message => new NewJob(JobKind.FetchMedia, message, client, channel, Activity.Current?.Id));
        if (jobs.Count > 0)
        {
            await JobQueue.EnqueueAsync((NpgsqlConnection)context.Database.GetDbConnection(), jobs, wakes: false, cancellationToken);
        }

        return jobs.Count > 0;
    }

    private async Task GiveUpAsync(ChannelId channel, string?[] revoked, CancellationToken cancellationToken)
    {
        var empty = context.Messages.Where(message => message.ChannelId == channel && message.Direction == MessageDirection.Inbound
            && revoked.Contains(message.ProviderMessageId) && message.RevokedAt != null && message.FileState != null);
        var files = await empty.Select(message => message.MediaIds).ToListAsync(cancellationToken);
        await empty.ExecuteUpdateAsync(
            set => set.SetProperty(message => message.MediaIds, Array.Empty<Guid>()).SetProperty(message => message.FileState, (FileState?)null)
                .SetProperty(message => message.FileError, (string?)null),
            cancellationToken);
        await media.MarkForNowAsync([.. files.SelectMany(ids => ids).Distinct()], cancellationToken);
    }
}
