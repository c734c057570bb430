using System.CommandLine;
using System.Text;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Inbox;

namespace WaMcp.Admin.Inbound;

/// <summary><c>admin inbound show</c>.</summary>
internal sealed class ShowInboundCommand : ConsoleCommand
{
    private readonly Argument<string> delivery = new("delivery") { Description = "The delivery's id (evt_…)." };
    private readonly Option<bool> raw = new("--raw") { Description = "Show what it says too: texts, names and numbers of people. This is audited." };

    public ShowInboundCommand()
        : base(
            "show",
            "Show what became of one delivery.",
            "admin inbound show evt_01m80jv7s0f2qbsx5nq8y4w6ta",
            "admin inbound show evt_01m80jv7s0f2qbsx5nq8y4w6ta --raw --output json | jq -r .raw")
    {
        Add(delivery);
        Add(raw);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var reference = run.Required(delivery);
        var found = run.Given(raw)
            ? await run.Get<ReadDelivery>().ExecuteAsync(reference, cancellationToken)
            : await run.Get<FindDelivery>().ExecuteAsync(reference, cancellationToken);
        var body = run.Given(raw) ? Encoding.UTF8.GetString(found.Body) : null;
        run.Report.Show(DeliveryRow.Of(await run.Get<ListDeliveries>().ExecuteAsync(found, cancellationToken)) with { Raw = body });
        if (body is not null && !run.Report.IsJson)
        {
            run.Report.Results.WriteLine(Output.PlainText.Line(body)); // it came from outside
        }
    }
}
