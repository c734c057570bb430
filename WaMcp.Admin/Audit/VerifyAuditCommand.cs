using System.CommandLine;
using System.Globalization;
using WaMcp.Admin.CommandLine;
using WaMcp.Admin.Output;
using WaMcp.Domain;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Audit.Archive;

namespace WaMcp.Admin.Audit;

/// <summary><c>admin audit verify</c>.</summary>
internal sealed class VerifyAuditCommand : ConsoleCommand
{
    private readonly Option<string> since = new("--since")
    {
        Description = "Only what was written in so long a time; the chain of seals is always followed whole.",
        HelpName = "24h",
    };

    private readonly Option<string[]> heads = new("--head")
    {
        Description = "A head that was kept elsewhere, as `admin audit head` shows it; may be given more than once.",
        HelpName = "number:hash",
        DefaultValueFactory = _ => [],
    };

    public VerifyAuditCommand()
        : base(
            "verify",
            "Compare every row of the audit log with what was written, and name the first that was altered, removed, added or exchanged.",
            "admin audit verify",
            "admin audit verify --since 24h",
            "admin audit verify --head 7:5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9")
    {
        Add(since);
        Add(heads);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var archive = run.Get<AuditArchive>();
        var order = new VerifyAudit.Order
        {
            Since = run.Duration(since),
            Heads = [.. run.Names(heads).Select(Head), .. archive.Heads()],
            Archived = fromId => archive.RowsAsync(fromId, cancellationToken),
        };
        var verdict = await run.Get<VerifyAudit>().ExecuteAsync(order, new Progress(run), cancellationToken);
        run.Report.Show(verdict, string.Join('\n', Sentences(verdict)));
        if (verdict.Kinds.ContainsKey("row_missing"))
        {
            run.Report.Note($"Rows in the archive in {archive.Folder} do not count as missing; another folder is named with AuditArchive:Folder.");
        }

        run.ExitCode = verdict.IsWhole ? ExitCode.Done : ExitCode.Found;
    }

    private static AuditHead Head(string text) => AuditHead.TryParse(text, out var head)
        ? head
        : throw Fault.Invalid("head", $"'{text}' is no head.", "Give one as `admin audit head` shows it: 7:5fec… with all 64 digits.");

    private static IEnumerable<string> Sentences(AuditVerdict verdict)
    {
        yield return verdict.First is { } first
            ? $"The audit log is NOT as it was written: {first.Text}"
            : "The audit log is as it was written.";
        if (!verdict.IsWhole)
        {
            yield return $"All findings: {string.Join(", ", verdict.Kinds.Select(kind => $"{Number(kind.Value)} {kind.Key}"))}.";
        }

        yield return $"Looked at {Number(verdict.Rows)} rows in {Number(verdict.Batches)} batches and {Number(verdict.Seals)} seals. Head: {verdict.Head?.ToString() ?? "none"}";
        if (verdict.RowsBeforeChain > 0)
        {
            yield return $"{Number(verdict.RowsBeforeChain)} rows from before the chain are only counted.";
        }

        if (verdict.Unsealed > 0)
        {
            yield return $"{Number(verdict.Unsealed)} batches wait for their seal: the Worker's notary makes one a second.";
        }

        foreach (var writer in verdict.OpenWriters)
        {
            yield return $"Writer {writer.Id} wrote last at {PlainText.Time(writer.LastWrittenAt)} and was not closed: it runs, or was killed with what it had queued.";
        }
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    // Progress<T> reports later and on other threads; these lines must come in order and before the result.
    private sealed class Progress(Invocation run) : IProgress<AuditProgress>
    {
        public void Report(AuditProgress value) => run.Report.Note($"{Number(value.Rows)} of about {Number(value.Of)} rows");
    }
}
