namespace WaMcp.Domain.Messages;

/// <summary>What fills one part of a template.</summary>
/// <param name="Part">Which part.</param>
/// <param name="Parameters">What fills it, in the order of the placeholders.</param>
/// <param name="Button">For a button: what kind, in Meta's word (<c>quick_reply</c>, <c>url</c>, <c>copy_code</c>, <c>flow</c>, <c>mpm</c>, …).</param>
/// <param name="Index">For a button: which, counted from 0.</param>
public sealed record TemplateComponent(
    TemplatePart Part, IReadOnlyList<TemplateParameter> Parameters, string? Button = null, int? Index = null);
