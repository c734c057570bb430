namespace WaMcp.Domain.Messages;

/// <summary>As what a file is shown.</summary>
public enum MediaKind
{
    /// <summary>A picture.</summary>
    Image,

    /// <summary>A film.</summary>
    Video,

    /// <summary>Something to listen to; a voice note if it was recorded.</summary>
    Audio,

    /// <summary>A file to keep.</summary>
    Document,

    /// <summary>A sticker.</summary>
    Sticker,
}
