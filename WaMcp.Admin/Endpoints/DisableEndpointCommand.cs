using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Endpoints;

namespace WaMcp.Admin.Endpoints;

/// <summary><c>admin endpoints disable</c>.</summary>
internal sealed class DisableEndpointCommand : ConsoleCommand
{
    private readonly Argument<string> endpoint = EndpointArgument.Create();

    public DisableEndpointCommand()
        : base("disable", "Send an endpoint nothing any more. What waits for it is dropped; a replay can bring it later.", "admin endpoints disable end_01m80jv7s0f2qbsx5nq8y4w6ta") => Add(endpoint);

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken) =>
        await EndpointRows.ShowAsync(run, await run.Get<EnableEndpoint>().ExecuteAsync(run.Required(endpoint), enabled: false, cancellationToken), cancellationToken);
}
