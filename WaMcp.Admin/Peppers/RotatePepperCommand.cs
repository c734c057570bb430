using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Admin.Output;
using WaMcp.Domain;
using WaMcp.Domain.Access;

namespace WaMcp.Admin.Peppers;

/// <summary><c>admin pepper rotate</c>.</summary>
internal sealed class RotatePepperCommand : ConsoleCommand
{
    private readonly Option<bool> soft = new("--soft")
    {
        Description = "Accept the old pepper until the window ends; every key that is used meanwhile moves over by itself.",
    };

    private readonly Option<bool> hard = new("--hard")
    {
        Description = "End every key of every client at once. Asks first.",
    };

    private readonly Option<string> window = new("--window")
    {
        Description = "With --soft: how long the old pepper is accepted, at most 30d; without it 30d.",
        HelpName = "30d|24h",
    };

    private readonly Option<bool> installed = new("--installed")
    {
        Description = "You have switched the secret files on every server already: only record it.",
    };

    private readonly Option<bool> yes = new("--yes")
    {
        Description = "With --hard: do not ask.",
    };

    public RotatePepperCommand()
        : base(
            "rotate",
            "Put a new pepper in the place of the present one: in the secret files (Secrets:Directory) and on record. A pepper that lies there as "
            + "api_key_pepper.next is taken, otherwise one is made. With several servers, give them that file first.",
            "admin pepper rotate --soft",
            "admin pepper rotate --soft --window 7d",
            "admin pepper rotate --hard")
    {
        Add(soft);
        Add(hard);
        Add(window);
        Add(installed);
        Add(yes);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var isHard = run.Given(hard);
        if (isHard == run.Given(soft))
        {
            throw Fault.Invalid("soft", "say either --soft or --hard.", "`admin pepper rotate --help` tells the difference.");
        }

        if (isHard && run.Given(window) is not null)
        {
            throw Fault.Invalid("window", "belongs to --soft: --hard has none.");
        }

        if (isHard && !run.Given(yes))
        {
            run.Confirm("This ends every key of every client at once: all agents stop until you have minted and handed over new keys.", "all keys", "hard");
        }

        var length = isHard ? TimeSpan.Zero : run.Duration(window) ?? RotatePepper.LongestWindow;
        if (!isHard && length == TimeSpan.Zero)
        {
            throw Fault.Invalid("window", "must be longer than nothing.", "To end all keys at once, use --hard.");
        }

        var rotation = await run.Get<RotatePepper>().ExecuteAsync(length, run.Given(installed), cancellationToken);
        run.Report.Show(rotation, isHard
            ? $"Pepper {rotation.NewPepperId} is current. All {rotation.Keys} keys are dead; mint new ones with `admin keys mint`."
            : $"Pepper {rotation.NewPepperId} is current. {rotation.Keys} keys depend on {rotation.OldPepperId} until {PlainText.Time(rotation.AcceptedUntil)}, unless they are used before; `admin pepper status` names them.");
    }
}
