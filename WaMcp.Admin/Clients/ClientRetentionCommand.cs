using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Admin.Clients;

/// <summary><c>admin clients retention</c>.</summary>
internal sealed class ClientRetentionCommand : ConsoleCommand
{
    private readonly Argument<string> client = ClientArgument.Create();

    private readonly Option<string> days = new("--days")
    {
        Description = $"For how many days, {SetRetention.FewestDays} to {SetRetention.MostDays}.",
        HelpName = "N",
    };

    private readonly Option<bool> useDefault = new("--default")
    {
        Description = "As long as the Worker's setting Retention:Messages says (90 days unless set).",
    };

    public ClientRetentionCommand()
        : base(
            "retention",
            "Say how long the content of a client's messages is kept. The next daily run takes out what is older; that cannot be undone.",
            "admin clients retention acme-corp --days 30",
            "admin clients retention acme-corp --default")
    {
        Add(client);
        Add(days);
        Add(useDefault);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var count = run.Number(days, "30");
        if (run.Given(useDefault) == count is not null)
        {
            throw Fault.Invalid("days", "say either --days or --default.", "`admin clients retention --help` shows examples.");
        }

        var changed = await run.Get<SetRetention>().ExecuteAsync(run.Required(client), count, cancellationToken);
        run.Report.Show(ClientRow.Of(changed));
    }
}
