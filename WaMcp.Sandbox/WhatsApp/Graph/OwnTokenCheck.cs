namespace WaMcp.Sandbox.WhatsApp.Graph;

/// <summary>Marks the endpoints that are not opened by an access token, or check another kind of secret themselves.</summary>
internal sealed class OwnTokenCheck;
