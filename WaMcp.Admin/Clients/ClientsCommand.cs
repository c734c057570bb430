using System.CommandLine;
using WaMcp.Admin.CommandLine;

namespace WaMcp.Admin.Clients;

/// <summary><c>admin clients</c>.</summary>
internal sealed class ClientsCommand : Command, IHasExamples
{
    public ClientsCommand()
        : base("clients", "Tenants: whoever gets API keys. A client is named by its id (cli_…) or its slug.")
    {
        Add(new CreateClientCommand());
        Add(new ListClientsCommand());
        Add(new DisableClientCommand());
        Add(new EnableClientCommand());
        Add(new ClientRetentionCommand());
    }

    public IReadOnlyList<string> Examples { get; } =
    [
        "admin clients create --name acme-corp --display-name \"Acme Corp\"",
        "admin clients list",
        "admin clients disable acme-corp",
    ];
}
