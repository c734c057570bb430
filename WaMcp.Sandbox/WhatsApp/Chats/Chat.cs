using WaMcp.Sandbox.WhatsApp.Accounts;

namespace WaMcp.Sandbox.WhatsApp.Chats;

internal readonly record struct ChatKey(string NumberId, string CustomerKey);

/// <summary>What one customer sees of one business number. Oldest message first.</summary>
internal sealed class Chat(BusinessNumber number, Customer customer)
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(24);

    private readonly Lock gate = new();
    private readonly Queue<ChatMessage> messages = new();
    private ChatMessage? last;
    private DateTimeOffset? lastInbound;

    public BusinessNumber Number { get; } = number;

    public Customer Customer { get; } = customer;

    public ChatKey Key { get; } = new(number.Id, customer.Key);

    public ChatMessage? Last => last;

    /// <summary>When the newest message was added; for the order of the phone page's list.</summary>
    public DateTimeOffset LastActivity { get; private set; }

    /// <summary>Until when the business "types" on the customer's screen.</summary>
    public DateTimeOffset TypingUntil { get; set; }

    /// <summary>
    /// The customer service window: 24 hours from the customer's last message,
    /// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages.
    /// </summary>
    public bool IsOpen(DateTimeOffset now) => (lastInbound ?? Customer.WroteBeforeStart) is { } last && now - last < Window;

    public DateTimeOffset? WindowEnds => (lastInbound ?? Customer.WroteBeforeStart) + Window;

    public void CustomerWrote(DateTimeOffset? at) => lastInbound = at;

    public void Add(ChatMessage message)
    {
        lock (gate)
        {
            messages.Enqueue(message);
            last = message;
            LastActivity = message.At;
        }
    }

    /// <summary>Forgets the oldest message; true when none is left.</summary>
    public bool ForgetOldest()
    {
        lock (gate)
        {
            messages.TryDequeue(out _);
            return messages.Count == 0;
        }
    }

    public ChatMessage[] Messages()
    {
        lock (gate)
        {
            return [.. messages];
        }
    }
}
