using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace WaMcp.Domain.Messages;

/// <summary>An emoji at somebody's message (https://developers.facebook.com/docs/whatsapp/cloud-api/messages/reaction-messages).</summary>
/// <param name="ProviderMessageId">The provider's id of the message reacted to.</param>
/// <param name="Emoji">One emoji; empty takes the reaction back.</param>
public sealed record ReactionContent(string ProviderMessageId, string Emoji) : MessageContent
{
    /// <summary>The discriminator.</summary>
    public const string KindName = "reaction";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => KindName;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string? Body => Emoji.Length == 0 ? null : Emoji;

    /// <inheritdoc/>
    public override void Check()
    {
        if (ReplyTo is not null)
        {
            throw Fault.Invalid("replyTo", "cannot go with a reaction.");
        }

        if (Emoji.Length > 0 && (new StringInfo(Emoji).LengthInTextElements != 1 || !Emoji.EnumerateRunes().Any(IsSymbol) || Emoji.Length > 64))
        {
            throw Fault.Invalid("emoji", "must be 1 emoji, or empty to take the reaction back.");
        }
    }

    // A picture, or what makes a picture of a sign: the emoji variation selector, the keycap.
    private static bool IsSymbol(Rune rune) => rune.Value is 0xFE0F or 0x20E3 || (!rune.IsAscii && Rune.GetUnicodeCategory(rune) == UnicodeCategory.OtherSymbol);
}
