using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Admin.Output;
using WaMcp.Domain.Endpoints;

namespace WaMcp.Admin.Endpoints;

/// <summary><c>admin endpoints rotate-secret</c>.</summary>
internal sealed class RotateEndpointSecretCommand : ConsoleCommand
{
    private readonly Argument<string> endpoint = EndpointArgument.Create();

    private readonly Option<string> grace = new("--for")
    {
        Description = "How long the old secret signs as well, at most 30d; 0d ends it at once.",
        HelpName = "24h|7d|0d",
        DefaultValueFactory = _ => "24h",
    };

    public RotateEndpointSecretCommand()
        : base(
            "rotate-secret",
            "Give an endpoint a new secret, shown once, on standard error. Both sign until the time is over: webhook-signature then holds two signatures.",
            "admin endpoints rotate-secret end_01m80jv7s0f2qbsx5nq8y4w6ta",
            "admin endpoints rotate-secret end_01m80jv7s0f2qbsx5nq8y4w6ta --for 0d")
    {
        Add(endpoint);
        Add(grace);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var (rotated, secret) = await run.Get<RotateEndpointSecret>().ExecuteAsync(run.Required(endpoint), run.Duration(grace)!.Value, cancellationToken);
        run.Report.Note(rotated.PreviousSecretUntil is { } until
            ? $"The old secret signs as well until {PlainText.Time(until)}."
            : "The old secret signs no more.");
        await EndpointRows.ShowAsync(run, rotated, secret, cancellationToken);
    }
}
