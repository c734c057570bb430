using System.CommandLine;
using System.Globalization;
using WaMcp.Admin.Clients;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain;
using WaMcp.Domain.Inbox;

namespace WaMcp.Admin.Inbound;

/// <summary><c>admin inbound replay</c>.</summary>
internal sealed class ReplayInboundCommand : ConsoleCommand
{
    private readonly Argument<string?> delivery = new("delivery") { Description = "The delivery's id (evt_…).", Arity = ArgumentArity.ZeroOrOne };
    private readonly InboundFilter filter = new();
    private readonly Option<string> to = ClientArgument.CreateOption("--to", "Hand them to this client alone, also what came before it was granted the channel.");

    public ReplayInboundCommand()
        : base(
            "replay",
            "Take deliveries apart once more, by the channels of today: one by its id, or all since a moment. Whoever was granted the channel when they came "
            + "gets them; a client whose grant is younger does with --to. What was recorded before stays as it is.",
            "admin inbound replay evt_01m80jv7s0f2qbsx5nq8y4w6ta",
            "admin inbound replay --outcome unknown_channel --since 7d",
            "admin inbound replay --outcome no_grant --since 24h --to acme-corp")
    {
        Add(delivery);
        filter.AddTo(this);
        Add(to);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var (verb, which) = (run.Get<ReplayDeliveries>(), filter.Read(run));
        var one = run.Given(delivery);
        if ((one is null) == (which.Since is null) || (one is not null && which != new ListDeliveries.Filter(null, null, null)))
        {
            throw Fault.Invalid("since", "name one delivery by its id, or many by --since, with --outcome and --channel if you like.", "`admin inbound replay --help` shows examples.");
        }

        var client = run.Given(to);
        var replay = one is not null ? await verb.ExecuteAsync(one, client, cancellationToken) : await verb.ExecuteAsync(which, client, cancellationToken);
        if (replay.Next is { } next)
        {
            run.Report.Note(string.Create(
                CultureInfo.InvariantCulture, $"There are more than {ReplayDeliveries.Most}; go on with --since {next.UtcDateTime:yyyy-MM-ddTHH:mm:ss.ffffffZ}."));
        }

        run.Report.Show(replay, $"{replay.Deliveries} deliveries are taken apart once more.");
    }
}
