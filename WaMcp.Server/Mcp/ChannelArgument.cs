using System.Text.Json;

namespace WaMcp.Server.Mcp;

/// <summary>The member of a tool's input that names a channel. WhatsApp's word for it, phone number, is accepted as well.</summary>
internal static class ChannelArgument
{
    public const string Name = "channel";

    /// <summary>Other names that callers may use.</summary>
    public static readonly string[] Aliases = ["phoneNumberId", "phone_number_id", "phone"];

    /// <summary>The channel that the input names; null when it names none, or names it with something that is no text.</summary>
    public static string? Find(JsonElement arguments)
    {
        if (arguments.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        try
        {
            foreach (var name in (ReadOnlySpan<string>)[Name, .. Aliases])
            {
                if (arguments.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String)
                {
                    return value.GetString();
                }
            }
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: no channel is named so, and the tool's own reading of its input says what is wrong.
        }

        return null;
    }
}
