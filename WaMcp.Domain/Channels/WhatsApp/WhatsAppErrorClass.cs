namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>What an error of Meta's means for the queue.</summary>
public enum WhatsAppErrorClass
{
    /// <summary>This message will be refused again.</summary>
    Permanent,

    /// <summary>It may be taken later; the row has the schedule. Only the message's own conversation waits.</summary>
    Retry,

    /// <summary>The same, but on a server error it may have gone out: generic failures inside the provider.</summary>
    RetryOrUnknown,

    /// <summary>It may be taken later, and until then the person gets nothing at all from the number.</summary>
    RetryPair,

    /// <summary>It may be taken later, and until then the number sends nothing at all.</summary>
    PauseNumber,

    /// <summary>The number cannot send until an operator has acted.</summary>
    StopNumber,

    /// <summary>The person wants no more marketing.</summary>
    OptOut,
}
