using Microsoft.EntityFrameworkCore;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Data;

namespace WaMcp.Admin.DeadLetters;

/// <summary><c>admin deadletters list</c>.</summary>
internal sealed class ListDeadLettersCommand()
    : ConsoleCommand("list", "List the dead letters, oldest first.", "admin deadletters list", "admin deadletters list --output json | jq -r '.[].id'")
{
    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var jobs = await run.Get<WaMcpDbContext>().Jobs.AsNoTracking().Where(job => job.DeadAt != null)
            .OrderBy(job => job.DeadAt).ThenBy(job => job.Seq).ToListAsync(cancellationToken);
        run.Report.Show(jobs.Select(DeadLetterRow.Of).ToArray());
    }
}
