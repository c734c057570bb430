using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Data;

namespace WaMcp.Admin.Db;

/// <summary><c>admin db migrate</c>.</summary>
internal sealed class MigrateCommand()
    : ConsoleCommand(
        "migrate",
        "Bring the database up to date as its owner (ConnectionStrings:owner), and give the roles wa_app and wa_audit_archiver the passwords "
        + "that wa_app_password and wa_audit_archiver_password hold. Waits up to a minute for Postgres. Doing it twice changes nothing.",
        "admin db migrate",
        "admin db migrate --output json")
{
    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        run.Session.ConnectionString("owner");
        var applied = await run.Get<MigrateDatabase>().ExecuteAsync(new Progress(run), cancellationToken);
        run.Report.Show(
            new MigrationResult(applied),
            applied.Count == 0 ? "Nothing to apply: the database is up to date." : $"Applied {string.Join(", ", applied)}.");
    }

    // Progress<T> reports later and on other threads; these lines must come in order and before the result.
    private sealed class Progress(Invocation run) : IProgress<string>
    {
        public void Report(string value) => run.Report.Note(value);
    }
}
