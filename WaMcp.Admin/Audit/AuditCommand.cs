using System.CommandLine;
using WaMcp.Admin.Clients;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Admin.Audit;

/// <summary><c>admin audit</c>.</summary>
internal sealed class AuditCommand : ConsoleCommand
{
    private readonly Option<string?> client = ClientArgument.CreateOption(required: false, "Only this client's rows.")!;

    private readonly Option<string> since = new("--since")
    {
        Description = "From when on: so long ago, or a time in UTC; 24h unless said, everything with --request.",
        HelpName = "24h|2026-11-22T08:00Z",
    };

    private readonly Option<string> until = new("--until") { Description = "Until when; until now unless said.", HelpName = "1h|2026-11-22T09:00Z" };

    private readonly Option<string> action = new("--action") { Description = "Only rows of this action.", HelpName = "action" };

    private readonly Option<string> request = new("--request") { Description = "Only what this request caused.", HelpName = "req_…" };

    private readonly Option<string> key = new("--key") { Description = "Only rows of this key.", HelpName = "id|prefix" };

    private readonly Option<string> tool = new("--tool") { Description = "Only rows of this tool.", HelpName = "tool" };

    private readonly Option<string> limit = new("--limit") { Description = "Only the newest so many.", HelpName = "N" };

    private readonly Option<bool> follow = new("--follow") { Description = "Go on with what is written from now on, until Ctrl+C." };

    public AuditCommand()
        : base(
            "audit",
            "Who did what, when, and was it allowed: rows of the audit log, oldest first. With --output json every row is an object on a line of its own.",
            "admin audit --client acme-corp --since 24h",
            "admin audit --client acme-corp --since 7d --action grant_denied --output json | jq -r .ip",
            "admin audit --request req_01m80jv8vtfpttj1xy2m2frjgd",
            "admin audit --limit 20 --follow",
            "admin audit verify")
    {
        Option[] options = [client, since, until, action, request, key, tool, limit, follow];
        foreach (var option in options)
        {
            Add(option);
        }

        // A noun with commands below it that is a command as well, so it has something to do already while the line is read.
        SetAction(_ => { });
        Add(new AuditHeadCommand());
        Add(new VerifyAuditCommand());
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var newest = run.Number(limit, "100");
        if (newest < 1)
        {
            throw Fault.Invalid("limit", "must be at least 1.");
        }

        if (run.Given(follow) && run.Given(until) is not null)
        {
            throw Fault.Invalid("until", "--follow has no end.", "Leave one of them out.");
        }

        if (run.Given(action) is { } word && !AuditAction.All.Contains(word))
        {
            throw Fault.Invalid("action", $"'{word}' is not an action.", $"Actions: {string.Join(", ", AuditAction.All)}.");
        }

        var filter = await FilterAsync(run, cancellationToken);
        var lines = run.Report.Stream<AuditLine>();
        var names = await AuditNames.ReadAsync(run, cancellationToken);
        var ask = run.Get<AskAudit>();
        var pages = run.Given(follow) ? ask.FollowAsync(filter, newest, cancellationToken) : ask.ReadAsync(filter, newest, cancellationToken);
        try
        {
            await foreach (var page in pages)
            {
                lines.Write([.. page.Select(names.Line)]);
            }
        }
        catch (OperationCanceledException) when (run.Given(follow))
        {
            // Ctrl+C is how following ends.
        }
    }

    private async Task<AuditFilter> FilterAsync(Invocation run, CancellationToken cancellationToken) => new()
    {
        Client = run.Given(client) is { } named ? (await run.Get<FindClient>().ExecuteAsync(named, cancellationToken)).Id : null,
        Key = run.Given(key) is { } used ? (await run.Get<FindKey>().ExecuteAsync(used, cancellationToken)).Id : null,
        Action = run.Given(action),
        RequestId = run.Given(request),
        Tool = run.Given(tool),
        Since = run.Moment(since) ?? (run.Given(request) is null ? run.Get<TimeProvider>().GetUtcNow() - TimeSpan.FromDays(1) : null),
        Until = run.Moment(until),
    };
}
