using System.Collections.Immutable;
using System.Threading.Channels;
using WaMcp.Sandbox.WhatsApp.Chats;

namespace WaMcp.Sandbox.Phone;

/// <summary>Tells open phone pages what happens. Costs nothing while none is open; a page that cannot keep up is told to load again.</summary>
internal sealed class PhoneFeed(BubbleView bubbles, TimeProvider clock)
{
    private const int Backlog = 500;

    private ImmutableList<Subscription> open = [];

    public void Show(ChatMessage message)
    {
        if (open.IsEmpty)
        {
            return;
        }

        PhoneEvent? bubble = null;
        PhoneEvent? line = null;
        foreach (var page in open)
        {
            if (page.NumberId != message.Chat.Number.Id)
            {
                continue;
            }

            if (page.Customer == message.Chat.Key.CustomerKey && BubbleView.IsShown(message))
            {
                page.Offer(bubble ??= new PhoneEvent("bubble", bubbles.Of(message)));
            }

            if (message == message.Chat.Last)
            {
                page.Offer(line ??= new PhoneEvent("chat", Line(message.Chat)));
            }
        }
    }

    public void ShowTyping(Chat chat)
    {
        foreach (var page in open)
        {
            if (page.NumberId == chat.Number.Id && page.Customer == chat.Key.CustomerKey)
            {
                page.Offer(new PhoneEvent("typing", new TypingLine(chat.Number.Id, chat.Key.CustomerKey, chat.TypingUntil)));
            }
        }
    }

    /// <summary>Everything may have changed: load again.</summary>
    public void Resync()
    {
        foreach (var page in open)
        {
            page.Offer(new PhoneEvent("resync", new { }));
        }
    }

    public ChatLine Line(Chat chat) => new(
        chat.Number.Id,
        chat.Key.CustomerKey,
        chat.Customer.Name,
        chat.Customer.UserId,
        chat.Last?.At,
        chat.Last is { } last ? bubbles.Preview(last) : null,
        chat.IsOpen(clock.GetUtcNow()) ? chat.WindowEnds : null);

    public Subscription Open(string numberId, string customer)
    {
        var page = new Subscription(numberId, customer, this);
        ImmutableInterlocked.Update(ref open, pages => pages.Add(page));
        return page;
    }

    internal sealed class Subscription(string numberId, string customer, PhoneFeed feed) : IDisposable
    {
        private readonly Channel<PhoneEvent> events = Channel.CreateBounded<PhoneEvent>(Backlog);
        private int lost;

        public string NumberId { get; } = numberId;

        public string Customer { get; } = customer;

        public ChannelReader<PhoneEvent> Events => events.Reader;

        public void Offer(PhoneEvent happened)
        {
            if (!events.Writer.TryWrite(happened))
            {
                Volatile.Write(ref lost, 1);
            }
        }

        /// <summary>True once after events were lost.</summary>
        public bool TakeLost() => Interlocked.Exchange(ref lost, 0) == 1;

        public void Dispose() => ImmutableInterlocked.Update(ref feed.open, pages => pages.Remove(this));
    }
}
