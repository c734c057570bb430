namespace WaMcp.Domain.Media;

/// <summary>Where a file comes from.</summary>
public abstract record MediaSource
{
    private MediaSource()
    {
    }

    /// <summary>Out of the call itself.</summary>
    /// <param name="Base64">The bytes.</param>
    public sealed record Inline(string Base64) : MediaSource;

    /// <summary>From an https address anywhere on the internet.</summary>
    /// <param name="Url">The address.</param>
    public sealed record Address(string Url) : MediaSource;

    /// <summary>It is here already.</summary>
    /// <param name="Id">The object's id.</param>
    public sealed record Kept(MediaObjectId Id) : MediaSource;
}
