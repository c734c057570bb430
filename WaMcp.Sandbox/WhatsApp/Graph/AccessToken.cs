namespace WaMcp.Sandbox.WhatsApp.Graph;

/// <summary>What the sandbox knows of a token: its hash, never the token.</summary>
internal sealed record AccessToken(byte[] Hash)
{
    public DateTimeOffset IssuedAt { get; init; }

    /// <summary>Null: never, as a system user's token.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public bool Revoked { get; init; }

    /// <summary>The accounts the token may use; null is all of them.</summary>
    public IReadOnlyList<string>? AccountIds { get; init; }

    public IReadOnlyList<string> Scopes { get; init; } = ["whatsapp_business_management", "whatsapp_business_messaging"];

    public bool MayUse(string accountId) => AccountIds is null || AccountIds.Contains(accountId, StringComparer.Ordinal);

    public bool IsValid(DateTimeOffset now) => !Revoked && (ExpiresAt is null || ExpiresAt > now);
}
