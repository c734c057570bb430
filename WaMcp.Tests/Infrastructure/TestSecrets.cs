namespace WaMcp.Tests.Infrastructure;

/// <summary>Secrets of the test systems: fixed, so that a test can sign and check with them.</summary>
internal static class TestSecrets
{
    public const string AppSecret = "0123456789abcdef0123456789abcdef";
    public const string VerifyToken = "tests-verify-token";
    public const string AccessToken = "EAAtests-system-user-token";
    public const string Pepper = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    public const string EncryptionKey = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    /// <summary>As configuration keys, which is what secret files become.</summary>
    public static readonly IReadOnlyDictionary<string, string?> Settings = new Dictionary<string, string?>
    {
        ["api_key_pepper"] = Pepper,
        ["encryption_key"] = EncryptionKey,
        ["meta_app_secret"] = AppSecret,
        ["meta_webhook_verify_token"] = VerifyToken,
        ["wa_access_token"] = AccessToken,
    };
}
