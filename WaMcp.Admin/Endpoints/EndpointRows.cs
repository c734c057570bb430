using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Endpoints;

namespace WaMcp.Admin.Endpoints;

/// <summary>Shows endpoints, and a secret once: on standard error, while standard output has the endpoint.</summary>
internal static class EndpointRows
{
    public static async Task ShowAsync(Invocation run, Endpoint endpoint, CancellationToken cancellationToken)
    {
        var listed = await run.Get<ListEndpoints>().ExecuteAsync(endpoint.ClientId.ToString(), cancellationToken);
        run.Report.Show(EndpointRow.Of(listed.Single(candidate => candidate.Endpoint.Id == endpoint.Id)));
    }

    public static async Task ShowAsync(Invocation run, Endpoint endpoint, EndpointSecret secret, CancellationToken cancellationToken)
    {
        run.Report.Note("This is the only time this secret is shown: hand it over safely and keep no copy.");
        run.Report.Note(secret.Text);
        await ShowAsync(run, endpoint, cancellationToken);
    }
}
