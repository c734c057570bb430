using WaMcp.Domain;
using WaMcp.Domain.Data;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;

namespace WaMcp.Server.Tools;

/// <summary>Which stored file a tool's input means.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1822", Justification = "Where files come from is injected here.")]
internal sealed class ResolveMedia
{
    /// <summary>The file.</summary>
    /// <param name="field">The input's name, for errors.</param>
    /// <param name="input">What the caller gave.</param>
    /// <param name="kind">As what it is to be shown.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="Fault"><c>invalid_input</c>.</exception>
    public Task<MediaObjectId> ExecuteAsync(string field, MediaInput input, MediaKind kind, CancellationToken cancellationToken) =>
        TypedId.TryParse<MediaObjectId>(input.MediaId, out var id)
            ? Task.FromResult(id)
            : throw Fault.Invalid($"{field}.mediaId", "is not a file's id; those begin with med_.");
}
