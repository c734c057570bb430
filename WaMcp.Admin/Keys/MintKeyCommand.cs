using System.CommandLine;
using WaMcp.Admin.Clients;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Access;

namespace WaMcp.Admin.Keys;

/// <summary><c>admin keys mint</c>.</summary>
/// <remarks>
/// The token goes to standard error once, in both output formats, so that what is piped or kept from standard output never holds it.
/// </remarks>
internal sealed class MintKeyCommand : ConsoleCommand
{
    private readonly Option<string> client = ClientArgument.CreateOption(required: true, "Whose key.");

    private readonly Option<string> label = new("--label")
    {
        Description = "What it is for, 1 to 200 characters.",
        HelpName = "text",
        Required = true,
    };

    private readonly Option<string[]> scopes = new("--scopes")
    {
        Description = "What it may touch, separated by commas: tools:<tool> and numbers:<channel>. tools:* and numbers:* are for the owner's keys.",
        HelpName = "scope,scope",
        Required = true,
    };

    private readonly Option<string> expires = new("--expires")
    {
        Description = "After which time it stops: 90d, 24h, 30m. Without it the key does not expire.",
        HelpName = "duration",
    };

    private readonly Option<string> rpm = new("--rpm")
    {
        Description = "Tool calls a minute.",
        HelpName = "N",
        DefaultValueFactory = _ => "60",
    };

    private readonly Option<string> daily = new("--daily")
    {
        Description = "Messages in 24 hours, over all channels; without it the key has no cap of its own.",
        HelpName = "N",
    };

    private readonly Option<string> environment = new("--env")
    {
        Description = "What the token says it is for.",
        HelpName = "live|test",
        DefaultValueFactory = _ => "live",
    };

    public MintKeyCommand()
        : base(
            "mint",
            "Mint an API key. Standard output gets its id and public prefix; the token itself is shown once, on standard error.",
            "admin keys mint --client acme-corp --label \"CRM agent\" --scopes tools:send_message,numbers:support --expires 90d --rpm 60 --daily 250",
            "admin keys mint --client local-owner --label laptop --scopes 'tools:*,numbers:*'",
            "admin keys mint --client acme-corp --label CI --scopes tools:ping --env test --expires 24h")
    {
        environment.AcceptOnlyFromAmong("live", "test");
        Add(client);
        Add(label);
        Add(scopes);
        Add(expires);
        Add(rpm);
        Add(daily);
        Add(environment);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var order = new MintKey.Order(
            run.Required(client),
            run.Required(label),
            run.Names(scopes),
            run.Required(environment),
            run.Duration(expires),
            run.Number(rpm, "60") ?? 60,
            run.Number(daily, "250"));
        var (key, token) = await run.Get<MintKey>().ExecuteAsync(order, cancellationToken);
        await NewToken.ShowAsync(run, key, token, cancellationToken);
    }
}
