namespace WaMcp.Domain.Messages;

/// <summary>What fills one card of a carousel; where it stands is its place in the list.</summary>
/// <param name="Components">What fills its parts.</param>
public sealed record TemplateCard(IReadOnlyList<TemplateComponent> Components);
