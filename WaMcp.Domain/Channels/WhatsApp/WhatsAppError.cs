namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>One of Meta's errors.</summary>
/// <param name="Class">What it means for the queue.</param>
/// <param name="Reason">Our word for it.</param>
/// <param name="Text">What happened, for the client.</param>
/// <param name="NextAction">What the client can do about it.</param>
/// <param name="Waits">When to ask again, for the classes that do.</param>
public sealed record WhatsAppError(
    WhatsAppErrorClass Class, string Reason, string Text, string NextAction, IReadOnlyList<TimeSpan>? Waits = null);
