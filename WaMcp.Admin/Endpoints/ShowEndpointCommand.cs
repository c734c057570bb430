using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Endpoints;

namespace WaMcp.Admin.Endpoints;

/// <summary><c>admin endpoints show</c>.</summary>
internal sealed class ShowEndpointCommand : ConsoleCommand
{
    private readonly Argument<string> endpoint = EndpointArgument.Create();

    public ShowEndpointCommand()
        : base("show", "Show one endpoint.", "admin endpoints show end_01m80jv7s0f2qbsx5nq8y4w6ta --output json") => Add(endpoint);

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken) =>
        await EndpointRows.ShowAsync(run, await run.Get<FindEndpoint>().ExecuteAsync(run.Required(endpoint), cancellationToken), cancellationToken);
}
