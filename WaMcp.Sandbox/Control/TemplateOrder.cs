namespace WaMcp.Sandbox.Control;

/// <summary><c>POST /control/whatsapp/templates</c>: Meta decides about a template; a webhook tells the business.</summary>
public sealed record TemplateOrder
{
    public string? AccountId { get; init; }

    public string Name { get; init; } = "";

    public string Language { get; init; } = "en_US";

    /// <summary>APPROVED, REJECTED, PAUSED, DISABLED or PENDING.</summary>
    public string Status { get; init; } = "";

    public string? Reason { get; init; }
}
