using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain;
using WaMcp.Domain.Duties;

namespace WaMcp.Admin.Retention;

/// <summary><c>admin retention run</c>.</summary>
internal sealed class RunRetentionCommand : ConsoleCommand
{
    private readonly Argument<string> duty = new("duty") { Description = $"{Duty.PruneMessages} or {Duty.ArchiveAudit}." };

    public RunRetentionCommand()
        : base(
            "run",
            "Ask the Worker to do a daily duty now, and wait until it is done. Its usual time stays.",
            $"admin retention run {Duty.PruneMessages}",
            $"admin retention run {Duty.ArchiveAudit}")
    {
        Add(duty);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var ended = await run.Get<RequestDuty>().ExecuteAsync(run.Required(duty), cancellationToken);
        if (ended.Error is { } error)
        {
            throw new Fault(FaultCode.Unavailable, $"{ended.Name} failed: {error}", "The Worker's log says more; it is tried again by itself.");
        }

        run.Report.Show(DutyRow.Of(ended));
    }
}
