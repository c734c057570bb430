using System.ComponentModel;

namespace WaMcp.Domain.Conversations;

/// <summary>The 24 hours after a contact wrote.</summary>
public sealed record WindowView(
    [property: Description("open: anything can be sent. closed: only templates. unknown: we have nothing that they wrote; the provider decides.")] WindowState State,
    [property: Description("Until when it is open, or when it closed.")] DateTimeOffset? Until)
{
    /// <summary>The window as it is now.</summary>
    public static WindowView Of(ServiceWindow window) => new(window.State, window.Until);
}
