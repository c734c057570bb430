using System.CommandLine;
using WaMcp.Admin.Clients;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Endpoints;

namespace WaMcp.Admin.Endpoints;

/// <summary><c>admin endpoints list</c>.</summary>
internal sealed class ListEndpointsCommand : ConsoleCommand
{
    private readonly Option<string> client = ClientArgument.CreateOption(required: false, "Only this client's.");
    private readonly Option<bool> failing = new("--failing") { Description = "Only those that fail, or that were switched off for that." };

    public ListEndpointsCommand()
        : base(
            "list",
            "List endpoints, oldest first, with how they do: since when one fails, what it answered last, and how many events wait for it or were given up.",
            "admin endpoints list --client acme-corp",
            "admin endpoints list --failing")
    {
        Add(client);
        Add(failing);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var found = await run.Get<ListEndpoints>().ExecuteAsync(run.Given(client), cancellationToken);
        run.Report.Show(found.Where(listed => !run.Given(failing) || IsBad(listed.Endpoint)).Select(EndpointRow.Of).ToArray());
    }

    private static bool IsBad(Endpoint endpoint) => endpoint.DisabledReason is { } reason ? reason != StopEndpoint.Operator : endpoint.FailingSince is not null;
}
