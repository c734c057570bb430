namespace WaMcp.Domain.Tenancy;

/// <summary>A tenant: whoever an operator gave API keys to.</summary>
public sealed class Client
{
    /// <summary>The id, <c>cli_…</c>.</summary>
    public ClientId Id { get; init; }

    /// <summary>Kebab-case name that commands accept instead of the id; unique.</summary>
    public required string Slug { get; init; }

    /// <summary>What people call the client.</summary>
    public required string DisplayName { get; set; }

    /// <summary>The operator's own client; at most one, the only one whose keys may hold wildcard scopes.</summary>
    public bool IsOwner { get; init; }

    /// <summary>Since when every key of the client is refused; null while enabled.</summary>
    public DateTimeOffset? DisabledAt { get; set; }

    /// <summary>For how many days the content of its messages is kept; null for as long as the Worker's setting says.</summary>
    public int? RetentionDays { get; set; }

    /// <summary>When the client was created.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}
