using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain;
using WaMcp.Domain.Channels;

namespace WaMcp.Admin.Channels;

/// <summary><c>admin channels rotate-secret</c>.</summary>
internal sealed class RotateSecretCommand : ConsoleCommand
{
    private readonly Option<string> channel = ChannelOption.Create("The byoa channel.");
    private readonly Option<string> file = new("--app-secret-file") { Description = "The file that holds the new app secret, or - for standard input.", HelpName = "file|-" };
    private readonly Option<bool> drop = new("--drop-previous") { Description = "Accept the secret before the present one no longer." };

    public RotateSecretCommand()
        : base(
            "rotate-secret",
            "Give a byoa channel its organisation's new app secret. Deliveries signed with the one before are accepted until that is dropped.",
            "admin channels rotate-secret --phone acme-own --app-secret-file secret.txt",
            "admin channels rotate-secret --phone acme-own --drop-previous")
    {
        Add(channel);
        Add(file);
        Add(drop);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var (from, drops) = (run.Given(file), run.Given(drop));
        if ((from is null) != drops)
        {
            throw Fault.Invalid("app-secret-file", "name the file of the new secret, or say --drop-previous: one of the two.");
        }

        var verb = run.Get<RotateAppSecret>();
        run.Report.Show(ChannelRow.Of(from is not null
            ? await verb.ExecuteAsync(run.Required(channel), await CredentialFile.ReadAsync("app-secret-file", from, cancellationToken), cancellationToken)
            : await verb.DropPreviousAsync(run.Required(channel), cancellationToken)));
    }
}
