using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Media;

/// <summary>Makes a fetched file an object of the scope's client, and part of the message that it came with.</summary>
/// <param name="context">The scope's client's data.</param>
/// <param name="keep">Keeps it.</param>
/// <param name="media">Gives it up again when the message is not there any more.</param>
public sealed class KeepInbound(WaMcpDbContext context, KeepMedia keep, MarkMedia media)
{
    private const string AnyFile = "application/octet-stream";

    /// <summary>Keeps it, if it is what the message says.</summary>
    /// <returns>The object; null for one whose content is of another kind, of which nothing is kept.</returns>
    /// <exception cref="Fault"><c>media_quota</c>; <c>unavailable</c>.</exception>
    public async Task<MediaObject?> KeepAsync(DownloadOutcome.Here fetched, MediaKind kind, InboundContent.FilePart part, CancellationToken cancellationToken)
    {
        var type = MediaType.Judge(fetched.File.Head, part.MimeType ?? fetched.MimeType, part.FileName);
        var fits = kind == MediaKind.Document || (type is not null && MediaLimits.Of(kind).Types.Contains(type)); // people send documents of every type
        return fits ? await keep.ExecuteAsync(fetched.File, type ?? AnyFile, fileName: null, isUploaded: false, cancellationToken) : null;
    }

    /// <summary>Puts it into its message, inside the caller's transaction.</summary>
    /// <remarks>
    /// The message is held first and the file then, as whoever erases or takes back does: a message that says nothing any more gets no file, and the
    /// file goes with it.
    /// </remarks>
    /// <returns>False: the file was given up in between, and has to be fetched again.</returns>
    public async Task<bool> AttachAsync(MessageId message, MediaObject file, CancellationToken cancellationToken)
    {
        var (id, wanted) = (file.Id.Value, await context.Messages
            .Where(row => row.Id == message && row.FileState == FileState.Fetching && row.RevokedAt == null && row.Content != null)
            .ExecuteUpdateAsync(
                set => set.SetProperty(row => row.FileState, (FileState?)FileState.Stored).SetProperty(row => row.FileError, (string?)null)
                    .SetProperty(row => row.MediaIds, new[] { file.Id.Value }),
                cancellationToken) == 1);
        var held = await context.Database
            .SqlQuery<Guid>($"""SELECT id AS "Value" FROM media_objects WHERE id = {id} AND deleted_at IS NULL FOR SHARE""").ToListAsync(cancellationToken);
        if (!wanted && held.Count == 1 && !file.Uploaded)
        {
            await media.MarkForNowAsync([id], cancellationToken);
        }

        return !wanted || held.Count == 1;
    }
}
