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
    private readonly Option<bool> dropPrevious = new("--drop-previous") { Description = "Accept the secret before the present one no longer." };
    private readonly Option<bool> dropNow = new("--drop-now") { Description = "It has leaked: accept nothing that the present secret signs, from this moment on." };

    public RotateSecretCommand()
        : base(
            "rotate-secret",
            "Give the byoa channels of an app its new app secret: all that have the same present one. Deliveries signed with that are accepted until it is dropped.",
            "admin channels rotate-secret --phone acme-own --app-secret-file secret.txt",
            "admin channels rotate-secret --phone acme-own --drop-previous",
            "admin channels rotate-secret --phone acme-own --app-secret-file secret.txt --drop-now")
    {
        Add(channel);
        Add(file);
        Add(dropPrevious);
        Add(dropNow);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var (from, drops, leaked) = (run.Given(file), run.Given(dropPrevious), run.Given(dropNow));
        if ((from is null) != drops || (leaked && drops))
        {
            throw Fault.Invalid("app-secret-file", "name the file of the new secret, with --drop-now if the present one has leaked, or say --drop-previous: one of the two.");
        }

        var (verb, name) = (run.Get<RotateAppSecret>(), run.Required(channel));
        var rotation = from is null
            ? await verb.DropPreviousAsync(name, cancellationToken)
            : await verb.ExecuteAsync(name, await CredentialFile.ReadAsync("app-secret-file", from, cancellationToken), keepsPrevious: !leaked, cancellationToken);
        run.Report.Note(rotation.Changed
            ? $"Changed for {rotation.Channels.Count} channels of one app: {string.Join(", ", rotation.Channels.Select(each => each.Name))}."
            : "That is the present secret already; nothing was changed.");
        run.Report.Show(rotation.Channels.Select(ChannelRow.Of).ToArray());
    }
}
