using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Audit;

namespace WaMcp.Admin.Audit;

/// <summary><c>admin audit head</c>.</summary>
internal sealed class AuditHeadCommand()
    : ConsoleCommand(
        "head",
        "Show the last seal of the audit chain as number:hash. Kept anywhere outside of the database, it proves to `admin audit verify --head` that "
        + "nothing up to it was cut off or written anew.",
        "admin audit head",
        "admin audit head --output json")
{
    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var seal = await run.Get<SealAudit>().LastAsync(cancellationToken);
        run.Report.Show(new HeadDocument(seal.Number, seal.Head.Hash, AuditTime.ToTime(seal.SealedAt)), seal.Head.ToString());
    }
}

/// <summary>The last seal.</summary>
internal sealed record HeadDocument(long Number, string Hash, DateTimeOffset SealedAt);
