using WaMcp.Domain.Channels;

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
    /// <param name="Over">The channels whose files the caller may have; of others, and without any, only what the client itself gave here.</param>
    public sealed record Kept(MediaObjectId Id, params IReadOnlyCollection<ChannelId> Over) : MediaSource;
}
