using System.CommandLine;

namespace WaMcp.Admin.Clients;

/// <summary>The client that a command is about.</summary>
internal static class ClientArgument
{
    public static Argument<string> Create() => new("client") { Description = "The client's id (cli_…) or slug." };

    public static Option<string> CreateOption(bool required, string description) =>
        CreateOption("--client", description, required);

    public static Option<string> CreateOption(string name, string description, bool required = false) =>
        new(name) { Description = description, HelpName = "id|slug", Required = required };
}
