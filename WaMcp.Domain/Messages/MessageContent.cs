using System.Text.Json;
using System.Text.Json.Serialization;

namespace WaMcp.Domain.Messages;

/// <summary>What an outbound message says, in no provider's words; kept as JSON in <see cref="Message.Raw"/> until it is sent.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TextContent), TextContent.KindName)]
public abstract record MessageContent
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The word for it in <see cref="Message.Kind"/>.</summary>
    [JsonIgnore]
    public abstract string Kind { get; }

    /// <summary>Its text, for searching and showing.</summary>
    [JsonIgnore]
    public abstract string? Body { get; }

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
}
