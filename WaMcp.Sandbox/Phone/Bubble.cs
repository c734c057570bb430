namespace WaMcp.Sandbox.Phone;

/// <summary>
/// One message as the customer sees it: the answer of <c>GET /control/whatsapp/messages</c> and what the phone page draws.
/// All texts are plain text of untrusted origin.
/// </summary>
public sealed record Bubble
{
    /// <summary>The wamid.</summary>
    public required string Id { get; init; }

    /// <summary>Order within the sandbox.</summary>
    public required long Sequence { get; init; }

    public required bool FromCustomer { get; init; }

    /// <summary>Meta's message type.</summary>
    public required string Type { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>
    /// waiting, sent, delivered, read, played or failed. For a customer's message: waiting until the webhook is accepted, then
    /// delivered, and read once the business has marked it.
    /// </summary>
    public required string Status { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Failure { get; init; }

    public string? TemplateName { get; init; }

    public string? Header { get; init; }

    public BubbleMedia? Media { get; init; }

    public string? Text { get; init; }

    public string? Footer { get; init; }

    public BubblePlace? Place { get; init; }

    public BubbleQuote? Quote { get; init; }

    public IReadOnlyList<BubbleChoice> Choices { get; init; } = [];

    /// <summary>The label that opens the choices of a list message; null when they stand below the message.</summary>
    public string? ListButton { get; init; }

    public string? BusinessReaction { get; init; }

    public string? CustomerReaction { get; init; }
}

/// <summary>A file in a message; <see cref="Url"/> is for the page, not Graph's.</summary>
public sealed record BubbleMedia(string Kind, string Url, string? FileName, string? MimeType);

public sealed record BubblePlace(double Latitude, double Longitude, string? Name, string? Address);

/// <summary>The message that is answered; the text is null when it is no longer known.</summary>
public sealed record BubbleQuote(string Id, bool FromCustomer, string? Text);

/// <summary>
/// Something to tap: reply, row, quick_reply, flow, location and contact send a message to the business; link, call, copy and view do not.
/// </summary>
public sealed record BubbleChoice(int Index, string Kind, string Title)
{
    public string? Description { get; init; }

    public string? Section { get; init; }

    /// <summary>The address of a link, the number of a call, the code to copy.</summary>
    public string? Value { get; init; }
}
