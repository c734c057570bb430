namespace WaMcp.Domain.Conversations;

/// <summary>
/// The 24 hours after a contact wrote, in which anything can be sent to them
/// (https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages#customer-service-windows). The provider decides; this is
/// what can be known from what we received.
/// </summary>
/// <param name="State">Open, closed, or not known.</param>
/// <param name="Until">Until when it is open, or when it closed.</param>
public sealed record ServiceWindow(WindowState State, DateTimeOffset? Until)
{
    /// <summary>How long it stays open.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromHours(24);

    /// <summary>The window of a conversation.</summary>
    /// <param name="lastInboundAt">When the contact last wrote, if ever.</param>
    /// <param name="now">The present.</param>
    public static ServiceWindow Of(DateTimeOffset? lastInboundAt, DateTimeOffset now) => lastInboundAt is { } last
        ? new(now < last + Length ? WindowState.Open : WindowState.Closed, last + Length)
        : new(WindowState.Unknown, null);
}
