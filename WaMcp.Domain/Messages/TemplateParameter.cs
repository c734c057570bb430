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
[JsonDerivedType(typeof(Product), "product")]
[JsonDerivedType(typeof(Expiry), "limited_time_offer")]
[JsonDerivedType(typeof(Payload), "payload")]
[JsonDerivedType(typeof(Lifetime), "ttl_minutes")]
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

    /// <summary>A product of the catalogue that the account is connected to.</summary>
    /// <param name="RetailerId">Which, by the seller's own number.</param>
    /// <param name="CatalogId">Of which catalogue.</param>
    public sealed record Product(string RetailerId, string CatalogId) : TemplateParameter;

    /// <summary>When an offer ends.</summary>
    /// <param name="At">When.</param>
    public sealed record Expiry(DateTimeOffset At) : TemplateParameter;

    /// <summary>What comes back when a quick reply is tapped, or with the call that a button starts.</summary>
    /// <param name="Value">Which.</param>
    public sealed record Payload(string Value) : TemplateParameter;

    /// <summary>How long a call button works.</summary>
    /// <param name="Minutes">So long.</param>
    public sealed record Lifetime(int Minutes) : TemplateParameter;

    /// <summary>The code that a button copies.</summary>
    /// <param name="Code">Which.</param>
    public sealed record Coupon(string Code) : TemplateParameter;

    /// <summary>What a flow, a catalogue, a list of products or an order opens with, as Meta writes it.</summary>
    /// <param name="Document">Its members.</param>
    public sealed record Action(JsonObject Document) : TemplateParameter;
}
