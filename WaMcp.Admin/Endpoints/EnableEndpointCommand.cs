using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Endpoints;

namespace WaMcp.Admin.Endpoints;

/// <summary><c>admin endpoints enable</c>.</summary>
internal sealed class EnableEndpointCommand : ConsoleCommand
{
    private readonly Argument<string> endpoint = EndpointArgument.Create();

    public EnableEndpointCommand()
        : base("enable", "Send an endpoint events again, from now on. `admin endpoints replay` brings what it missed.", "admin endpoints enable end_01m80jv7s0f2qbsx5nq8y4w6ta") => Add(endpoint);

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken) =>
        await EndpointRows.ShowAsync(run, await run.Get<EnableEndpoint>().ExecuteAsync(run.Required(endpoint), enabled: true, cancellationToken), cancellationToken);
}
