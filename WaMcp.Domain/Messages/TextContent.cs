using System.Text.Json.Serialization;

namespace WaMcp.Domain.Messages;

/// <summary>Plain text (https://developers.facebook.com/docs/whatsapp/cloud-api/messages/text-messages).</summary>
/// <param name="Text">What it says.</param>
/// <param name="PreviewUrl">Whether the provider should show a preview of the first link.</param>
public sealed record TextContent(string Text, bool PreviewUrl = false) : MessageContent
{
    /// <summary>The discriminator.</summary>
    public const string KindName = "text";

    /// <summary>Characters.</summary>
    public const int MaxText = 4096;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => KindName;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string? Body => Text;

    /// <inheritdoc/>
    public override void Check() => ContentLimit.Require("text", Text, MaxText);
}
