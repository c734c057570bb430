namespace WaMcp.Sandbox.Control;

/// <summary><c>POST /control/whatsapp/numbers</c>: adds a business number, and its account when that is new.</summary>
public sealed record NumberOrder
{
    public string PhoneNumberId { get; init; } = "";

    public string DisplayNumber { get; init; } = "";

    public string VerifiedName { get; init; } = "";

    /// <summary>By default 200000000000001.</summary>
    public string? AccountId { get; init; }

    public string? AccountName { get; init; }
}
