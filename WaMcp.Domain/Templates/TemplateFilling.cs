using System.Text.Json.Nodes;
using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Templates;

/// <summary>What a caller wants a template, or a card of one, to be filled with.</summary>
/// <param name="Header">The gap of the header, or the file, place or product above the text; null when there is none.</param>
/// <param name="Body">The gaps of the body, in order.</param>
/// <param name="Buttons">What buttons need.</param>
public sealed record TemplateFilling(
    TemplateParameter? Header, IReadOnlyList<TemplateParameter> Body, IReadOnlyList<TemplateFilling.OfButton> Buttons)
{
    /// <summary>When the offer ends; null when none is given.</summary>
    public DateTimeOffset? OfferExpiresAt { get; init; }

    /// <summary>The cards of a carousel, in order.</summary>
    public IReadOnlyList<TemplateFilling> Cards { get; init; } = [];

    /// <summary>What one button needs.</summary>
    /// <param name="Index">Which, counted from 0.</param>
    /// <param name="Value">The payload of a quick reply or of a call, the ending of an address, the code to copy.</param>
    /// <param name="Action">What a flow, a catalogue, a list of products or an order opens with.</param>
    /// <param name="TtlMinutes">How long a call button works.</param>
    public sealed record OfButton(int Index, string? Value, JsonObject? Action, int? TtlMinutes = null);
}
