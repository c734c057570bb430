using WaMcp.Domain;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;

namespace WaMcp.Server.Tools;

/// <summary>Turns the file that a tool's input means into one that is stored here.</summary>
/// <param name="accept">Takes it.</param>
internal sealed class ResolveMedia(AcceptMedia accept)
{
    /// <summary>The file.</summary>
    /// <param name="field">The input's name, for errors; null when its members are the tool's own.</param>
    /// <param name="input">What the caller gave.</param>
    /// <param name="kind">As what it is to be shown.</param>
    /// <param name="fileName">What it is called.</param>
    /// <param name="dryRun">Whether it is only looked at.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="Fault"><c>invalid_input</c>, <c>not_found</c>.</exception>
    public async Task<MediaObjectId> ExecuteAsync(
        string? field, MediaInput input, MediaKind kind, string? fileName, bool dryRun, CancellationToken cancellationToken)
    {
        try
        {
            return (await accept.ExecuteAsync(input.Source(), kind, input.MimeType, fileName, keep: !dryRun, cancellationToken)).Id;
        }
        catch (Fault fault) when (field is not null && fault is { Code: var code, Field: { } member } && code == FaultCode.InvalidInput)
        {
            throw new Fault(code, $"{field}.{fault.PublicText}", fault.NextAction, $"{field}.{member}", inner: fault);
        }
    }
}
