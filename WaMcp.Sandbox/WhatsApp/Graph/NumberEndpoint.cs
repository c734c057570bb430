namespace WaMcp.Sandbox.WhatsApp.Graph;

/// <summary>Marks the endpoints below a phone number: the journal files their requests under it.</summary>
internal sealed class NumberEndpoint
{
    /// <summary>False spares the journal from looking for secrets in a body that has none: the messages.</summary>
    public bool HasSecrets { get; init; } = true;
}
