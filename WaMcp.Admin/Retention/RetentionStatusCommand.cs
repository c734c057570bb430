using Microsoft.EntityFrameworkCore;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Data;

namespace WaMcp.Admin.Retention;

/// <summary><c>admin retention status</c>.</summary>
internal sealed class RetentionStatusCommand() : ConsoleCommand(
    "status",
    "Show when each daily duty last ran, what it did, and when it is due next.",
    "admin retention status",
    "admin retention status --output json | jq -r '.[] | select(.state == \"failed\") | .name'")
{
    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var duties = await run.Get<WaMcpDbContext>().Duties.AsNoTracking().OrderBy(duty => duty.Name).ToListAsync(cancellationToken);
        run.Report.Show(duties.Select(DutyRow.Of).ToArray());
    }
}
