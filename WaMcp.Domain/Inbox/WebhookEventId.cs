using WaMcp.Domain.Data;

namespace WaMcp.Domain.Inbox;

/// <summary>Names one <see cref="WebhookEvent"/>.</summary>
/// <param name="Value">The id as the database keeps it.</param>
public readonly record struct WebhookEventId(Guid Value) : ITypedId<WebhookEventId>
{
    /// <inheritdoc/>
    public static string Prefix => "evt";

    /// <inheritdoc/>
    public static WebhookEventId From(Guid value) => new(value);

    /// <summary>The text form, <c>evt_…</c>.</summary>
    public override string ToString() => TypedId.Format(this);
}
