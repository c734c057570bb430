namespace WaMcp.Domain.Media;

/// <summary>As what a file is sent.</summary>
public enum MediaKind
{
    /// <summary>A picture.</summary>
    Image,

    /// <summary>A film.</summary>
    Video,

    /// <summary>Sound, a voice note among it.</summary>
    Audio,

    /// <summary>Any file, shown by its name.</summary>
    Document,

    /// <summary>A sticker, still or animated.</summary>
    Sticker,
}
