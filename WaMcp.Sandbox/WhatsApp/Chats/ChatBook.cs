using System.Collections.Concurrent;
using WaMcp.Sandbox.WhatsApp.Accounts;

namespace WaMcp.Sandbox.WhatsApp.Chats;

/// <summary>All chats and the messages in them, up to a number of messages; then the oldest of all is forgotten.</summary>
internal sealed class ChatBook(WhatsAppOptions options)
{
    private readonly ConcurrentDictionary<ChatKey, Chat> chats = new();
    private readonly ConcurrentDictionary<string, ChatMessage> byId = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<ChatMessage> oldestFirst = new();
    private int count;
    private long sequence;

    public int MessageCount => Volatile.Read(ref count);

    public Chat Between(BusinessNumber number, Customer customer) =>
        chats.TryGetValue(new ChatKey(number.Id, customer.Key), out var chat)
            ? chat
            : chats.GetOrAdd(new ChatKey(number.Id, customer.Key), _ => new Chat(number, customer));

    public Chat? Find(ChatKey key) => chats.GetValueOrDefault(key);

    public ChatMessage? FindMessage(string? id) => id is null ? null : byId.GetValueOrDefault(id);

    public long NextSequence() => Interlocked.Increment(ref sequence);

    public void Add(ChatMessage message)
    {
        byId[message.Id] = message;
        message.Chat.Add(message);
        oldestFirst.Enqueue(message);
        if (Interlocked.Increment(ref count) > options.MaxMessages && oldestFirst.TryDequeue(out var oldest))
        {
            Interlocked.Decrement(ref count);
            byId.TryRemove(oldest.Id, out _);
            if (oldest.Chat.ForgetOldest() && !oldest.Chat.Customer.Kept)
            {
                chats.TryRemove(new KeyValuePair<ChatKey, Chat>(oldest.Chat.Key, oldest.Chat));
            }
        }
    }

    /// <summary>The most recently active chats of a number. Looks at all of them: for people, not for the path of a send.</summary>
    public IReadOnlyList<Chat> Recent(string numberId, int most) =>
        [.. chats.Values.Where(chat => chat.Number.Id == numberId).OrderByDescending(chat => chat.LastActivity).Take(most)];

    public void Clear()
    {
        chats.Clear();
        byId.Clear();
        oldestFirst.Clear();
        Volatile.Write(ref count, 0);
    }
}
