using System.CommandLine;
using WaMcp.Admin.CommandLine;

namespace WaMcp.Admin.Endpoints;

/// <summary><c>admin endpoints</c>.</summary>
internal sealed class EndpointsCommand : Command, IHasExamples
{
    public EndpointsCommand()
        : base("endpoints", "Addresses at which clients are told what happens, by signed webhooks (standardwebhooks.com). An endpoint is named by its id (end_…).")
    {
        Add(new AddEndpointCommand());
        Add(new ListEndpointsCommand());
        Add(new ShowEndpointCommand());
        Add(new TestEndpointCommand());
        Add(new RotateEndpointSecretCommand());
        Add(new DisableEndpointCommand());
        Add(new EnableEndpointCommand());
        Add(new ReplayEventsCommand());
    }

    public IReadOnlyList<string> Examples { get; } =
    [
        "admin endpoints add --client acme-corp --url https://acme.example/webhooks",
        "admin endpoints replay end_01m80jv7s0f2qbsx5nq8y4w6ta --since 6h",
    ];
}
