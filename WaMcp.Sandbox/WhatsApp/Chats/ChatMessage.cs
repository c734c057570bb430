using WaMcp.Sandbox.WhatsApp.Templates;

namespace WaMcp.Sandbox.WhatsApp.Chats;

/// <summary>How far a message has come. The order is the rank: a status never moves back.</summary>
internal enum Progress
{
    Waiting,
    Sent,
    Delivered,
    Read,
    Played,
    Failed,
}

/// <summary>One message of a chat, in either direction. <see cref="Content"/> is the JSON as it was received or will be posted.</summary>
internal sealed class ChatMessage(Chat chat, string id, bool fromCustomer, string type, DateTimeOffset at, ReadOnlyMemory<byte> content)
{
    private int progress;

    public Chat Chat { get; } = chat;

    public string Id { get; } = id;

    public bool FromCustomer { get; } = fromCustomer;

    public string Type { get; } = type;

    public DateTimeOffset At { get; } = at;

    /// <summary>The whole message object; immutable.</summary>
    public ReadOnlyMemory<byte> Content { get; } = content;

    /// <summary>Grows by one with every message of the sandbox: the order of a chat.</summary>
    public long Sequence { get; init; }

    public string? RepliesTo { get; init; }

    /// <summary>biz_opaque_callback_data, echoed in every status.</summary>
    public string? CallbackData { get; init; }

    /// <summary>service, utility, marketing or authentication: what the status webhook prices.</summary>
    public string Category { get; init; } = "service";

    public Template? Template { get; init; }

    /// <summary>The business named the customer by user id, so the statuses do not tell the phone number.</summary>
    public bool ByUserId { get; init; }

    public Progress Progress => (Progress)Volatile.Read(ref progress);

    /// <summary>Why it failed, for the phone page.</summary>
    public string? Failure { get; set; }

    /// <summary>The emoji of the business and of the customer on this message, if any.</summary>
    public string? BusinessReaction { get; set; }

    public string? CustomerReaction { get; set; }

    /// <summary>Moves forward only; false when it was there or further already.</summary>
    public bool Advance(Progress to)
    {
        var current = Volatile.Read(ref progress);
        while (current < (int)to)
        {
            var seen = Interlocked.CompareExchange(ref progress, (int)to, current);
            if (seen == current)
            {
                return true;
            }

            current = seen;
        }

        return false;
    }
}
