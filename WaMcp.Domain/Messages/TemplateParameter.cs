using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using WaMcp.Domain.Media;

namespace WaMcp.Domain.Messages;

/// <summary>What a template is filled with in one place.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(Text), "text")]
[JsonDerivedType(typeof(Currency), "currency")]
[JsonDerivedType(typeof(Moment), "date_time")]
[JsonDerivedType(typeof(File), "file")]
[JsonDerivedType(typeof(Place), "location")]
[JsonDerivedType(typeof(Payload), "payload")]
[JsonDerivedType(typeof(Coupon), "coupon_code")]
[JsonDerivedType(typeof(Action), "action")]
public abstract record TemplateParameter
{
    private TemplateParameter()
    {
    }

    /// <summary>Words.</summary>
    /// <param name="Value">Which.</param>
    /// <param name="Name">Of which placeholder, in a template that names them.</param>
    public sealed record Text(string Value, string? Name = null) : TemplateParameter;

    /// <summary>An amount of money.</summary>
    /// <param name="Fallback">As text, where it cannot be localised.</param>
    /// <param name="Code">ISO 4217.</param>
    /// <param name="Thousandths">The amount times 1,000.</param>
    public sealed record Currency(string Fallback, string Code, int Thousandths) : TemplateParameter;

    /// <summary>A date or a time.</summary>
    /// <param name="Fallback">As text.</param>
    public sealed record Moment(string Fallback) : TemplateParameter;

    /// <summary>An image, a video or a document.</summary>
    /// <param name="MediaKind">Which.</param>
    /// <param name="Object">The file.</param>
    /// <param name="FileName">What a document is called.</param>
    public sealed record File(MediaKind MediaKind, MediaObjectId Object, string? FileName = null) : TemplateParameter;

    /// <summary>A place.</summary>
    /// <param name="Where">Which.</param>
    public sealed record Place(LocationContent Where) : TemplateParameter;

    /// <summary>What comes back when a quick reply is tapped.</summary>
    /// <param name="Value">Which.</param>
    public sealed record Payload(string Value) : TemplateParameter;

    /// <summary>The code that a button copies.</summary>
    /// <param name="Code">Which.</param>
    public sealed record Coupon(string Code) : TemplateParameter;

    /// <summary>What a flow or a catalogue opens with, as Meta writes it.</summary>
    /// <param name="Document">Its members.</param>
    public sealed record Action(JsonObject Document) : TemplateParameter;
}
