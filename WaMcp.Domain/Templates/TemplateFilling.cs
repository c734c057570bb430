using System.Text.Json.Nodes;
using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Templates;

/// <summary>What a caller wants a template to be filled with.</summary>
/// <param name="Header">The gap of the header, or the file or place above the text; null when there is none.</param>
/// <param name="Body">The gaps of the body, in order.</param>
/// <param name="Buttons">What buttons need.</param>
public sealed record TemplateFilling(
    TemplateParameter? Header, IReadOnlyList<TemplateParameter> Body, IReadOnlyList<TemplateFilling.OfButton> Buttons)
{
    /// <summary>What one button needs.</summary>
    /// <param name="Index">Which, counted from 0.</param>
    /// <param name="Value">The payload of a quick reply, the ending of an address, the code to copy.</param>
    /// <param name="Action">What a flow or a catalogue opens with.</param>
    public sealed record OfButton(int Index, string? Value, JsonObject? Action);
}
