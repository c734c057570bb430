using System.ComponentModel;
using System.Text.Json.Serialization;

namespace WaMcp.Server.Tools;

/// <summary>What every send takes besides what is to be sent.</summary>
internal abstract record SendInput
{
    [JsonPropertyOrder(-3)]
    [Description("Which channel to send from: its id, name or phone number id, as list_channels shows them.")]
    public required string Channel { get; init; }

    [JsonPropertyOrder(8)]
    [Description("True: nothing is sent or stored; the answer says what would be sent and whether it would be allowed now.")]
    public bool DryRun { get; init; }

    [JsonPropertyOrder(9)]
    [Description(
        "Your own word for this message, 1 to 128 printable ASCII characters. Calling again with the same word and the same input gives the same message "
        + "instead of a second one; with other input it is an error. Kept for at least 48 hours. Use it whenever you might have to repeat a call.")]
    public string? IdempotencyKey { get; init; }

    [JsonPropertyOrder(10)]
    [Description("How many seconds to wait for the provider's answer, 0 to 30; 0 unless told. The answer comes as soon as it is known.")]
    public int WaitSeconds { get; init; }
}

/// <summary>A send to a person.</summary>
internal abstract record SendToInput : SendInput
{
    [JsonPropertyOrder(-2)]
    [Description("To whom: a phone number in international form (+4915112345678) or the provider's user id of a contact.")]
    public required string To { get; init; }

    [JsonPropertyOrder(7)]
    [Description("The id (msg_…) of a message in the same conversation that this one answers; it is shown above it.")]
    public string? ReplyTo { get; init; }
}
