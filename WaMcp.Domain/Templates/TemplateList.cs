namespace WaMcp.Domain.Templates;

/// <summary>How fresh our copy of an account's templates is.</summary>
public sealed class TemplateList
{
    /// <summary>How long it is used without asking again.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromHours(1);

    /// <summary>The provider's account.</summary>
    public required string AccountId { get; init; }

    /// <summary>When it was fetched; null when that was never.</summary>
    public DateTimeOffset? FetchedAt { get; set; }

    /// <summary>When the provider last told that something changed.</summary>
    public DateTimeOffset? ChangedAt { get; set; }
}
