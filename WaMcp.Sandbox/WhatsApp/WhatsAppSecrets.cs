using System.Security.Cryptography;
using System.Text;

namespace WaMcp.Sandbox.WhatsApp;

/// <summary>
/// What the sandbox shares with the programs it plays Meta for: the configuration keys meta_app_secret, meta_webhook_verify_token
/// and wa_access_token. A missing one closes its door and is told at start and in /control/state; none is ever shown.
/// </summary>
internal sealed class WhatsAppSecrets(IConfiguration configuration)
{
    private readonly byte[] appSecret = Read(configuration, "meta_app_secret");

    /// <summary>The app of the sandbox, for debug_token, oauth/access_token and subscribed_apps.</summary>
    public static string AppId => "300000000000001";

    public bool HasAppSecret => appSecret.Length > 0;

    public string? VerifyToken { get; } = Text(configuration, "meta_webhook_verify_token");

    public string? AccessToken { get; } = Text(configuration, "wa_access_token");

    /// <summary>The value of X-Hub-Signature-256 for exactly these bytes.</summary>
    public string Sign(ReadOnlySpan<byte> body) => $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(appSecret, body))}";

    public byte[] Hash(ReadOnlySpan<byte> text) => HMACSHA256.HashData(appSecret, text);

    public bool IsAppSecret(string? text) =>
        HasAppSecret && text is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(text), appSecret);

    private static byte[] Read(IConfiguration configuration, string key) => Encoding.UTF8.GetBytes(Text(configuration, key) ?? "");

    private static string? Text(IConfiguration configuration, string key) =>
        configuration[key]?.Trim() is { Length: > 0 } text ? text : null;
}
