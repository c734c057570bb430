using System.Text;
using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Messages;

/// <summary>Finds messages of the scope's client by what they say, newest first (0008_reading.sql, 0012_reading_along.sql; docs/architecture/database.md has the plans).</summary>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
public sealed class SearchMessages(WaMcpDbContext context, TenantContext tenant)
{
    /// <summary>Characters of a query.</summary>
    public const int MaxQuery = 256;

    // Rows that one call may walk along, all its channels together: a first look is quick, whoever goes on looks further. A page is short when they are
    // used up. Each of many channels still gets a few.
    private const int FirstBudget = 1_000;
    private const int Budget = 4_000;
    private const int LeastBudget = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>What to look for.</summary>
    /// <param name="Words">Words that all have to be there; in double quotes, one after the other.</param>
    /// <param name="Channels">Over which channels.</param>
    /// <param name="Conversation">Only in this conversation.</param>
    /// <param name="Direction">Only written by this side.</param>
    /// <param name="From">Only from this time on.</param>
    /// <param name="Until">Only before this time.</param>
    /// <param name="Before">Only before this message: where the page before ended.</param>
    public sealed record Order(
        string Words, IReadOnlyList<ChannelId> Channels, ConversationId? Conversation, MessageDirection? Direction,
        DateTimeOffset? From, DateTimeOffset? Until, MessageId? Before);

    /// <summary>A page.</summary>
    /// <param name="Ids">What was found, newest first.</param>
    /// <param name="Next">Before which message the next page begins; null when there is none.</param>
    public sealed record Result(IReadOnlyList<MessageId> Ids, MessageId? Next);

    /// <summary>Looks.</summary>
    /// <exception cref="Fault"><c>invalid_input</c>: there is no word in the query.</exception>
    public async Task<Result> ExecuteAsync(Order order, int most, CancellationToken cancellationToken)
    {
        context.Database.SetCommandTimeout(Patience); // the net below the budget: whoever waits longer asks for less
        string[] phrases = [.. Phrases(order.Words)];
        var words = (await context.Database.SqlQuery<string>($"""SELECT coalesce(search_query({phrases})::text, '') AS "Value" """).ToListAsync(cancellationToken))[0];
        if (words.Length == 0)
        {
            throw Fault.Invalid("query", "has no word to look for.");
        }

        _ = tenant.ClientId; // find_messages reads the client that the connection carries
        Guid[] channels = [.. order.Channels.Select(channel => channel.Value)];
        var (conversation, written) = (order.Conversation?.Value, order.Direction?.ToString());
        var first = order.From is { } from ? Moment(from) : Guid.Empty;
        var before = order.Until is { } until ? Moment(until) : Guid.AllBitsSet;
        if (order.Before is { } page && page.CompareTo(new MessageId(before)) < 0)
        {
            before = page.Value;
        }

        var budget = Math.Max(LeastBudget, (order.Before is null ? FirstBudget : Budget) / Math.Max(channels.Length, 1));
        var rows = await context.Database.SqlQuery<Row>(
            $"""
            SELECT found.ids AS "Ids", found.reached AS "Reached"
            FROM unnest({channels}) AS channel (id) CROSS JOIN LATERAL find_messages(
                {words}::tsquery, channel.id, {conversation}::uuid, {written}::text, {first}, {before}, {most + 1}, {budget}) found
            """).ToListAsync(cancellationToken);
        return Merge(rows, most);
    }

    // Where one channel was not looked through further, nothing older counts of the others either: the next page goes on from there.
    private static Result Merge(List<Row> rows, int most)
    {
        var reached = rows.Where(row => row.Reached is not null).Select(row => new MessageId(row.Reached!.Value)).DefaultIfEmpty(default).Max();
        var found = rows.SelectMany(row => row.Ids).Select(id => new MessageId(id)).Where(id => id >= reached).OrderDescending().ToList();
        if (found.Count > most)
        {
            return new Result([.. found.Take(most)], found[most - 1]);
        }

        return new Result(found, reached == default ? null : reached);
    }

    // Ids are UUIDv7: the first that could have been made at a time.
    private static Guid Moment(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        var milliseconds = Math.Clamp(time.ToUnixTimeMilliseconds(), 0, (1L << 48) - 1);
        for (var i = 0; i < 6; i++)
        {
            bytes[i] = (byte)(milliseconds >> (8 * (5 - i)));
        }

        return new Guid(bytes, bigEndian: true);
    }

    // What stands in double quotes, and else what stands between spaces: "order-1234" is two words, one after the other.
    private static IEnumerable<string> Phrases(string text)
    {
        var phrase = new StringBuilder();
        var quoted = false;
        foreach (var character in text)
        {
            var isQuote = character is '"' or '“' or '”' or '„' or '＂';
            if (isQuote || (!quoted && char.IsWhiteSpace(character)))
            {
                yield return phrase.ToString();
                phrase.Clear();
                quoted = isQuote && !quoted;
                continue;
            }

            phrase.Append(character);
        }

        yield return phrase.ToString();
    }

    private sealed record Row(Guid[] Ids, Guid? Reached);
}
