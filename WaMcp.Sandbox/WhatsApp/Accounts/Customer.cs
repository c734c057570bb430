namespace WaMcp.Sandbox.WhatsApp.Accounts;

/// <summary>
/// A person with WhatsApp. The phone number may be unknown to the business, the user id (BSUID) never is:
/// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids.
/// </summary>
internal sealed class Customer(string? waId, string userId)
{
    public string? WaId { get; } = waId;

    public string UserId { get; } = userId;

    public string Name { get; set; } = waId is null ? "WhatsApp user" : $"+{waId}";

    public string? Username { get; set; }

    /// <summary>False: messages to this customer cannot be delivered (131026).</summary>
    public bool Reachable { get; set; } = true;

    /// <summary>Named by the sandbox or a test, so never forgotten to make room.</summary>
    public bool Kept { get; set; }

    /// <summary>The moment of the last message to any number that counts as written before the start (default customers).</summary>
    public DateTimeOffset? WroteBeforeStart { get; set; }

    /// <summary>How the control API and the phone page name this customer.</summary>
    public string Key => WaId ?? UserId;
}
