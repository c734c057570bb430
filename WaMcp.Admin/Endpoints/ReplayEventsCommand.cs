using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Endpoints;

namespace WaMcp.Admin.Endpoints;

/// <summary><c>admin endpoints replay</c>.</summary>
internal sealed class ReplayEventsCommand : ConsoleCommand
{
    private readonly Argument<string> endpoint = EndpointArgument.Create();
    private readonly Option<string> since = new("--since") { Description = "What happened since: so long ago (24h), or a time.", HelpName = "moment", Required = true };
    private readonly Option<string> until = new("--until") { Description = "And before then; without it until now.", HelpName = "moment" };
    private readonly Option<string> after = new("--after") { Description = "Go on where an earlier replay ended.", HelpName = "msg_…" };

    public ReplayEventsCommand()
        : base(
            "replay",
            "Tell an endpoint once more what happened in a span of time, with the ids of the first time, so that the receiver can leave out what it has. "
            + "What was given up is queued anew.",
            "admin endpoints replay end_01m80jv7s0f2qbsx5nq8y4w6ta --since 24h",
            "admin endpoints replay end_01m80jv7s0f2qbsx5nq8y4w6ta --since 2026-11-22T08:00Z --until 2026-11-22T12:00Z")
    {
        Add(endpoint);
        Add(since);
        Add(until);
        Add(after);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var replay = await run.Get<ReplayEvents>().ExecuteAsync(
            run.Required(endpoint), run.Moment(since)!.Value, run.Moment(until), run.Given(after), cancellationToken);
        if (replay.Next is { } next)
        {
            run.Report.Note($"There may be more: go on with the same command and --after {next}.");
        }

        run.Report.Show(replay, $"{replay.Events} events are told once more.");
    }
}
