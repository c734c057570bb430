using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using WaMcp.Admin.Output;

namespace WaMcp.Admin.CommandLine;

/// <summary>The usual help, with examples and the exit codes below it.</summary>
internal sealed class Help : SynchronousCommandLineAction
{
    private const string ExitCodes = """
        Exit codes:
          0    done
          1    unavailable, misconfigured or our own fault
          2    wrong usage or invalid input
          3    no such client, channel, grant, key, contact, endpoint or duty
          4    conflict with what exists
          5    audit verify found something, or an endpoint did not take a test
          130  stopped by Ctrl+C
        """;

    private const string Configuration = """
        Configuration (environment variables, or files in the folder Secrets:Directory, by default /run/secrets):
          ConnectionStrings__wamcp  Postgres as the role wa_app, for every command but db migrate
          ConnectionStrings__owner  Postgres as the owner of the database, for db migrate only
          api_key_pepper            32 random bytes in base64, for keys mint
          encryption_key            32 random bytes in base64, for channels add with --profile byoa, and endpoints
          Settings that are no secrets may also follow the command: admin clients list -- Secrets:Directory=.wamcp/secrets

        Errors go to standard error. With --output json they are one object on standard output instead:
          {"error":{"code":"not_found","message":"…","nextAction":"…"}}
        """;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        Show(parseResult, parseResult.InvocationConfiguration.Output);
        return ExitCode.Done;
    }

    public static void Show(ParseResult parsed, TextWriter writer)
    {
        parsed.InvocationConfiguration.Output = writer;
        new HelpAction().Invoke(parsed);
        if (parsed.CommandResult.Command is IHasExamples { Examples: var examples })
        {
            writer.WriteLine("Examples:");
            foreach (var example in examples)
            {
                writer.WriteLine($"  {example}");
            }

            writer.WriteLine();
        }

        if (parsed.CommandResult.Command is AdminCommand)
        {
            writer.WriteLine(Configuration);
            writer.WriteLine();
        }

        writer.WriteLine(ExitCodes);
    }
}
