namespace WaMcp.Domain.Messages;

/// <summary>Who wrote a message.</summary>
public enum MessageDirection
{
    /// <summary>The contact: third-party, untrusted content.</summary>
    Inbound,

    /// <summary>The client.</summary>
    Outbound,
}
