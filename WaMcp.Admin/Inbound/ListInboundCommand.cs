using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain;
using WaMcp.Domain.Inbox;

namespace WaMcp.Admin.Inbound;

/// <summary><c>admin inbound list</c>.</summary>
internal sealed class ListInboundCommand : ConsoleCommand
{
    private const int Usual = 100;
    private const int Most = 10_000;

    private readonly InboundFilter filter = new();
    private readonly Option<string> limit = new("--limit") { Description = $"Only the newest so many; {Usual} unless told.", HelpName = "N" };

    public ListInboundCommand()
        : base(
            "list",
            "List deliveries, newest first, with what became of them and without what they say.",
            "admin inbound list --outcome unknown_channel --since 24h",
            "admin inbound list --channel support --limit 20")
    {
        filter.AddTo(this);
        Add(limit);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var most = run.Number(limit, $"{Usual}") ?? Usual;
        if (most is < 1 or > Most)
        {
            throw Fault.Invalid("limit", $"must be 1 to {Most}.");
        }

        var found = await run.Get<ListDeliveries>().ExecuteAsync(filter.Read(run), most, cancellationToken);
        run.Report.Show(found.Select(DeliveryRow.Of).ToArray());
    }
}
