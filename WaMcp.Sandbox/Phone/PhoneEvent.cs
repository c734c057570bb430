namespace WaMcp.Sandbox.Phone;

/// <summary>Something the phone page must know: bubble, chat, typing, sandbox or resync.</summary>
internal sealed record PhoneEvent(string Type, object Data);

/// <summary>A chat in the list beside the phone; without a window's end only templates reach the customer.</summary>
internal sealed record ChatLine(
    string PhoneNumberId, string Customer, string Name, string? UserId, DateTimeOffset? At, string? Preview, DateTimeOffset? WindowEnds);

internal sealed record TypingLine(string PhoneNumberId, string Customer, DateTimeOffset Until);
