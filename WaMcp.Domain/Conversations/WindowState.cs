namespace WaMcp.Domain.Conversations;

/// <summary>Whether free-form messages reach a contact.</summary>
public enum WindowState
{
    /// <summary>The contact wrote within the last 24 hours.</summary>
    Open,

    /// <summary>The contact last wrote earlier than that: only templates reach them.</summary>
    Closed,

    /// <summary>We have nothing that the contact wrote. They may have written before the channel was here, or called; only the provider knows.</summary>
    Unknown,
}
