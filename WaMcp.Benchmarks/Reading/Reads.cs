
namespace WaMcp.Benchmarks.Reading;

/// <summary>What is measured.</summary>
internal static class Reads
{
    private const int Page = 20;

    internal delegate Task Read(MessageArchive.Reader reader, CancellationToken cancellationToken);

    public static IReadOnlyList<(string Name, Read ReadAsync)> All { get; } =
    [
        ("the latest of a channel", (reader, stop) => reader.Messages.LatestAsync(reader.Channel, Page, stop)),
        ("the latest of a conversation", (reader, stop) => reader.Messages.LatestAsync(reader.Conversation, Page, stop)),
        ("a page in the middle", (reader, stop) => reader.Messages.BeforeAsync(reader.Channel, reader.Middle, Page, stop)),
        ("what is new", (reader, stop) => reader.Messages.SinceAsync(reader.Channel, reader.Lately, Page, stop)),
        ("what is unread", (reader, stop) => reader.Messages.UnreadAsync(reader.Conversation with { Heard = true }, Page, stop)),
        ("search: in every third", Search("hello")),
        ("search: in one of 100", Search("refund")),
        ("search: in 5 of all", Search("needle")),
        ("search: in none", Search("nowhere")),
        ("search: two words", Search("hello refund")),
        ("search: a phrase", Search("\"hello refund\"")),
        ("search: in Chinese", Search("订单")),
        ("search: of a conversation", (reader, stop) => reader.SearchAsync("hello", reader.Conversation.Conversation, stop)),
    ];

    private static Read Search(string words) => (reader, stop) => reader.SearchAsync(words, null, stop);
}
