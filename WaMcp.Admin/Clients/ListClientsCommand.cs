using Microsoft.EntityFrameworkCore;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Data;

namespace WaMcp.Admin.Clients;

/// <summary><c>admin clients list</c>.</summary>
internal sealed class ListClientsCommand()
    : ConsoleCommand("list", "List the clients, oldest first.", "admin clients list", "admin clients list --output json | jq -r '.[].slug'")
{
    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var clients = await run.Get<WaMcpDbContext>().Clients.AsNoTracking()
            .OrderBy(client => client.CreatedAt).ThenBy(client => client.Id).ToListAsync(cancellationToken);
        run.Report.Show(clients.Select(ClientRow.Of).ToArray());
    }
}
