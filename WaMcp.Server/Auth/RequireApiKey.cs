namespace WaMcp.Server.Auth;

/// <summary>Marks an endpoint, or a group of them, that <see cref="ApiKeyGate"/> guards.</summary>
internal sealed class RequireApiKey
{
    public static readonly RequireApiKey Instance = new();
}
