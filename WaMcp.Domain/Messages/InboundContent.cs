using System.ComponentModel;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace WaMcp.Domain.Messages;

/// <summary>What a contact's message holds besides its words, in no provider's terms; kept as JSON in <see cref="Message.Content"/>.</summary>
/// <remarks>All of it is third-party text. Ids of messages are the provider's.</remarks>
public sealed record InboundContent
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // never inside HTML
    };

    /// <summary>A file that came with it.</summary>
    public FilePart? File { get; init; }

    /// <summary>What was chosen or filled in.</summary>
    public ReplyPart? Reply { get; init; }

    /// <summary>An emoji at another message.</summary>
    public ReactionPart? Reaction { get; init; }

    /// <summary>A place.</summary>
    public PlacePart? Location { get; init; }

    /// <summary>Business cards.</summary>
    public IReadOnlyList<CardPart>? Contacts { get; init; }

    /// <summary>Products that were ordered.</summary>
    public OrderPart? Order { get; init; }

    /// <summary>What the provider says happened.</summary>
    public SystemPart? System { get; init; }

    /// <summary>Why there is nothing to read.</summary>
    public UnsupportedPart? Unsupported { get; init; }

    /// <summary>The advertisement or post that led the person here.</summary>
    public ReferralPart? Referral { get; init; }

    /// <summary>What it belongs to.</summary>
    public ContextPart? Context { get; init; }

    /// <summary>Reads what <see cref="ToJson"/> wrote; null when there was nothing, or it was pruned.</summary>
    public static InboundContent? TryFromJson(string? json)
    {
        try
        {
            return json is null ? null : JsonSerializer.Deserialize<InboundContent>(json, Json);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>The stored form; null when there is nothing besides the words.</summary>
    public string? ToJson() => this == new InboundContent() ? null : JsonSerializer.Serialize(this, Json);

    /// <summary>The same after an edit: what the edit says, and of the original what an edit does not repeat, or cannot change: the file.</summary>
    public static InboundContent Edited(InboundContent? original, InboundContent? edit) => (edit ?? new()) with
    {
        File = original?.File ?? edit?.File,
        Context = original?.Context ?? edit?.Context,
        Referral = original?.Referral ?? edit?.Referral,
    };

    /// <summary>A file, as the provider names it.</summary>
    public sealed record FilePart(
        [property: Description("image, video, audio, document or sticker.")] string Type,
        [property: Description("The provider's id of the file.")] string? ProviderMediaId,
        [property: Description("What kind of file the provider says it is.")] string? MimeType,
        [property: Description("SHA-256 of the file in base64, as the provider says it.")] string? Sha256,
        [property: Description("Its name, chosen by the person.")] string? FileName,
        [property: Description("True for a voice message.")] bool? Voice,
        [property: Description("True for a sticker that moves.")] bool? Animated);

    /// <summary>An answer to buttons, a list or a form.</summary>
    public sealed record ReplyPart(
        [property: Description("button, list, form, quick_reply (a template's button), or the provider's word for another.")] string Type,
        [property: Description("The id or payload of what was chosen, as the business set it.")] string? Id,
        [property: Description("The words of what was chosen.")] string? Title,
        [property: Description("The description of the chosen row.")] string? Description,
        [property: Description("What was filled in, as JSON text.")] string? Fields);

    /// <summary>An emoji at a message, or its taking away.</summary>
    public sealed record ReactionPart(string? MessageId, string? Emoji);

    /// <summary>A place.</summary>
    public sealed record PlacePart(
        [property: Description("Degrees north.")] double? Latitude,
        [property: Description("Degrees east.")] double? Longitude,
        [property: Description("What it is called.")] string? Name,
        [property: Description("Where it is.")] string? Address,
        [property: Description("Its page.")] string? Url);

    /// <summary>A business card.</summary>
    public sealed record CardPart(
        [property: Description("The whole name.")] string? Name,
        [property: Description("Phone numbers as they are on the card.")] IReadOnlyList<string> Phones,
        [property: Description("E-mail addresses.")] IReadOnlyList<string> Emails,
        [property: Description("Web pages.")] IReadOnlyList<string> Urls,
        [property: Description("Postal addresses, a line each.")] IReadOnlyList<string> Addresses,
        [property: Description("The organisation.")] string? Organization,
        [property: Description("The position there.")] string? Title,
        [property: Description("Date of birth.")] string? Birthday);

    /// <summary>Products that were ordered.</summary>
    public sealed record OrderPart(
        [property: Description("The catalogue.")] string? CatalogId,
        [property: Description("What was ordered.")] IReadOnlyList<OrderLine> Items);

    /// <summary>One product of an order.</summary>
    public sealed record OrderLine(
        [property: Description("The product's id in the catalogue.")] string? ProductId,
        [property: Description("How many.")] double? Quantity,
        [property: Description("What one costs.")] double? Price,
        [property: Description("In which currency.")] string? Currency);

    /// <summary>What the provider says happened.</summary>
    public sealed record SystemPart([property: Description("The provider's word for what happened, such as user_changed_number.")] string? Event);

    /// <summary>Something that cannot be read here.</summary>
    public sealed record UnsupportedPart(
        [property: Description("The provider's word for what it was, when it told.")] string? Type,
        [property: Description("The provider's error code.")] int? Code,
        [property: Description("Why, in the provider's words.")] string? Reason);

    /// <summary>What led the person here.</summary>
    public sealed record ReferralPart(
        [property: Description("ad or post.")] string? SourceType,
        [property: Description("The provider's id of it.")] string? SourceId,
        [property: Description("Its address.")] string? SourceUrl,
        [property: Description("Its headline.")] string? Headline,
        [property: Description("Its text.")] string? Body,
        [property: Description("image or video.")] string? MediaType,
        [property: Description("The provider's id of the click.")] string? ClickId);

    /// <summary>What a message belongs to.</summary>
    /// <param name="MessageId">The provider's id of the message that it answers.</param>
    /// <param name="Forwarded">How it was forwarded: <c>once</c> or <c>often</c>.</param>
    /// <param name="ProductId">The product that it asks about.</param>
    /// <param name="CatalogId">The catalogue of that.</param>
    /// <param name="GroupId">The group that it was written in.</param>
    public sealed record ContextPart(string? MessageId, string? Forwarded, string? ProductId, string? CatalogId, string? GroupId);
}
