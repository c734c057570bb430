using WaMcp.Admin.Output;
using WaMcp.Domain.Channels;

namespace WaMcp.Admin.Channels;

/// <summary>What the provider told about a channel, as the console shows it.</summary>
internal sealed record FactRow(string Kind, DateTimeOffset ToldAt, string Payload) : IRow<FactRow>
{
    public static IReadOnlyList<Column<FactRow>> Columns { get; } =
    [
        new("told", row => PlainText.Time(row.ToldAt)),
        new("about", row => PlainText.Line(row.Kind)),
        new("what", row => PlainText.Line(row.Payload)),
    ];

    public static FactRow Of(ChannelFact fact) => new(fact.Kind, fact.ToldAt, fact.Payload);
}
