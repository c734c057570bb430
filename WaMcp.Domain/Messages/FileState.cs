namespace WaMcp.Domain.Messages;

/// <summary>What became of the file of an inbound message.</summary>
public enum FileState
{
    /// <summary>It is being fetched from the provider.</summary>
    Fetching,

    /// <summary>It is here.</summary>
    Stored,

    /// <summary>It could not be had.</summary>
    Failed,
}
