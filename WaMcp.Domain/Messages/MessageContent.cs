using System.Text.Json;
using System.Text.Json.Serialization;
using WaMcp.Domain.Media;

namespace WaMcp.Domain.Messages;

/// <summary>What an outbound message says, in no provider's words; kept as JSON in <see cref="Message.Raw"/> until it is sent.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TextContent), TextContent.KindName)]
[JsonDerivedType(typeof(MediaContent), "media")]
[JsonDerivedType(typeof(LocationContent), LocationContent.KindName)]
[JsonDerivedType(typeof(ContactsContent), ContactsContent.KindName)]
[JsonDerivedType(typeof(ReactionContent), ReactionContent.KindName)]
[JsonDerivedType(typeof(InteractiveContent), InteractiveContent.KindName)]
[JsonDerivedType(typeof(TemplateContent), TemplateContent.KindName)]
public abstract record MessageContent
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>The word for it in <see cref="Message.Kind"/>.</summary>
    [JsonIgnore]
    public abstract string Kind { get; }

    /// <summary>Its text, for searching and showing.</summary>
    [JsonIgnore]
    public abstract string? Body { get; }

    /// <summary>The provider's id of the message that this one answers, shown above it.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>What it is for.</summary>
    [JsonIgnore]
    public virtual MessageCategory Category => MessageCategory.Service;

    /// <summary>Whether it is in the sender's own words: such messages reach only people who wrote within the last 24 hours.</summary>
    [JsonIgnore]
    public virtual bool IsFreeForm => true;

    /// <summary>The media objects that the provider has to have before it is sent.</summary>
    [JsonIgnore]
    public virtual IEnumerable<MediaObjectId> Media => [];

    /// <summary>The same with the files that it carries, which were not known before; in the order of <see cref="Media"/>.</summary>
    public virtual MessageContent With(IReadOnlyList<MediaObjectId> files) => this;

    /// <summary>Reads what <see cref="ToJson"/> wrote; null when it was pruned, or written by a version that knows more kinds.</summary>
    public static MessageContent? TryFromJson(string? json)
    {
        try
        {
            return json is null ? null : JsonSerializer.Deserialize<MessageContent>(json, Json);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>The stored form.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Holds it against the limits that are known before the provider is asked. What was stored was checked.</summary>
    /// <exception cref="Fault"><c>invalid_input</c>, with the field and the limit.</exception>
    public abstract void Check();
}
