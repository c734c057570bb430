namespace WaMcp.Domain.Templates;

/// <summary>The templates of an account, as we know them.</summary>
/// <param name="Templates">By name and language.</param>
/// <param name="FetchedAt">When the provider was asked.</param>
/// <param name="IsFresh">Whether it need not be asked again yet.</param>
public sealed record TemplateShelf(IReadOnlyList<MessageTemplate> Templates, DateTimeOffset FetchedAt, bool IsFresh)
{
    /// <summary>Names of templates that can be sent, in any language.</summary>
    public IEnumerable<string> Approved => Templates.Where(template => template.IsApproved).Select(template => template.Name).Distinct();
}
