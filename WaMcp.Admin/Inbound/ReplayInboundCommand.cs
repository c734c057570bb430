using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain;
using WaMcp.Domain.Inbox;

namespace WaMcp.Admin.Inbound;

/// <summary><c>admin inbound replay</c>.</summary>
internal sealed class ReplayInboundCommand : ConsoleCommand
{
    private readonly Argument<string?> delivery = new("delivery") { Description = "The delivery's id (evt_…).", Arity = ArgumentArity.ZeroOrOne };
    private readonly InboundFilter filter = new();

    public ReplayInboundCommand()
        : base(
            "replay",
            "Take deliveries apart once more, by the channels and grants of today: one by its id, or all since a moment. What was recorded before stays as it is.",
            "admin inbound replay evt_01m80jv7s0f2qbsx5nq8y4w6ta",
            "admin inbound replay --outcome unknown_channel --since 7d")
    {
        Add(delivery);
        filter.AddTo(this);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var (verb, which) = (run.Get<ReplayDeliveries>(), filter.Read(run));
        var one = run.Given(delivery);
        if ((one is null) == (which.Since is null) || (one is not null && which != new ListDeliveries.Filter(null, null, null)))
        {
            throw Fault.Invalid("since", "name one delivery by its id, or many by --since, with --outcome and --channel if you like.", "`admin inbound replay --help` shows examples.");
        }

        var replay = one is not null ? await verb.ExecuteAsync(one, cancellationToken) : await verb.ExecuteAsync(which, cancellationToken);
        if (replay.HasMore)
        {
            run.Report.Note($"There are more than {ReplayDeliveries.Most}; narrow it down to replay the rest.");
        }

        run.Report.Show(replay, $"{replay.Deliveries} deliveries are taken apart once more.");
    }
}
