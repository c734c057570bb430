using System.Text.Json.Serialization;

namespace WaMcp.Domain.Channels;

/// <summary>Which provider a channel goes through.</summary>
public enum ChannelKind
{
    /// <summary>A phone number on Meta's WhatsApp Cloud API.</summary>
    [JsonStringEnumMemberName("whatsapp")]
    WhatsApp,
}
