using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using WaMcp.Admin.Audit;
using WaMcp.Admin.Channels;
using WaMcp.Admin.Clients;
using WaMcp.Admin.CommandLine;
using WaMcp.Admin.Contacts;
using WaMcp.Admin.Db;
using WaMcp.Admin.DeadLetters;
using WaMcp.Admin.Endpoints;
using WaMcp.Admin.Grants;
using WaMcp.Admin.Inbound;
using WaMcp.Admin.Keys;
using WaMcp.Admin.Messages;
using WaMcp.Admin.Output;
using WaMcp.Admin.Peppers;
using WaMcp.Admin.Retention;

namespace WaMcp.Admin;

/// <summary>The console's menu. Not a RootCommand: that is named after the process, and the runbooks say <c>admin</c>.</summary>
internal sealed class AdminCommand : Command, IHasExamples
{
    private readonly Option<string> output = new("--output")
    {
        Description = "What stands on standard output: a table for people, or one JSON object or array for scripts.",
        HelpName = "table|json",
        DefaultValueFactory = _ => "table",
        Recursive = true,
    };

    public AdminCommand()
        : base(
            "admin",
            "The operators' console of WaMcp: tenants, channels, grants, API keys, the pepper, contacts, messages, what came in, endpoints that are told of it, dead letters, retention, the audit log and the database.")
    {
        Add(new ClientsCommand());
        Add(new ChannelsCommand());
        Add(new GrantsCommand());
        Add(new KeysCommand());
        Add(new PepperCommand());
        Add(new ContactsCommand());
        Add(new MessagesCommand());
        Add(new InboundCommand());
        Add(new EndpointsCommand());
        Add(new DeadLettersCommand());
        Add(new RetentionCommand());
        Add(new AuditCommand());
        Add(new DbCommand());
        output.AcceptOnlyFromAmong("table", "json");
        Add(output);
        Add(new HelpOption { Action = new Help(), Recursive = true });
        Add(new Option<bool>("--version") { Description = "Show the version.", Action = new ShowVersion() });
    }

    public IReadOnlyList<string> Examples { get; } =
    [
        "admin clients create --name acme-corp --display-name \"Acme Corp\"",
        "admin channels add --name support --phone-number-id 100000000000001 --display-phone \"+1 555 010 0001\"",
        "admin grants add --client acme-corp --phone support --tools send_message,get_messages --daily-cap 500",
        "admin keys mint --client acme-corp --label \"CRM agent\" --scopes tools:send_message,numbers:support --expires 90d",
        "admin audit --client acme-corp --since 24h",
        "admin clients list --output json",
    ];

    /// <summary>What the command line says about the output, also when the rest of it is wrong.</summary>
    public OutputFormat Format(ParseResult parsed) =>
        parsed.GetResult(output)?.Tokens is [{ Value: "json" }] ? OutputFormat.Json : OutputFormat.Table;

    /// <summary>Says what happens when one of the commands was called.</summary>
    public void OnRun(Func<ConsoleCommand, ParseResult, CancellationToken, Task<int>> run)
    {
        foreach (var command in Subcommands.SelectMany(noun => noun.Subcommands.Append(noun)).OfType<ConsoleCommand>())
        {
            command.SetAction((parsed, cancellationToken) => run(command, parsed, cancellationToken));
        }
    }

    private sealed class ShowVersion : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var version = typeof(AdminApp).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
            parseResult.InvocationConfiguration.Output.WriteLine(version);
            return ExitCode.Done;
        }
    }
}
