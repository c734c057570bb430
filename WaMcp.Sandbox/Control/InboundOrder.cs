using System.Text.Json;

namespace WaMcp.Sandbox.Control;

/// <summary><c>POST /control/whatsapp/inbound</c>: a customer writes. Without any member, Ada says Hello to Sandbox Support.</summary>
public sealed record InboundOrder
{
    /// <summary>The business number; by default 100000000000001.</summary>
    public string? PhoneNumberId { get; init; }

    /// <summary>The customer's phone number, with or without +; a new one is a new customer.</summary>
    public string? From { get; init; }

    /// <summary>The customer's user id (BSUID). Alone, without <see cref="From"/>, the webhook hides the phone number.</summary>
    public string? UserId { get; init; }

    /// <summary>The customer's profile name from now on.</summary>
    public string? Name { get; init; }

    /// <summary>Any of Meta's message types; each has a sample content.</summary>
    public string Type { get; init; } = "text";

    /// <summary>The words of the message: body, caption, emoji, button title or place, as the type has them.</summary>
    public string? Text { get; init; }

    /// <summary>The file of a message of a media type, instead of the sample.</summary>
    public FileOrder? File { get; init; }

    /// <summary>The wamid that is answered; button, interactive and reaction take the last message of the chat by default.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>A whole message object, posted as it is; missing from, from_user_id, id, timestamp and type are added.</summary>
    public JsonElement? Raw { get; init; }

    /// <summary>So many messages of the same content.</summary>
    public int Count { get; init; } = 1;
}
