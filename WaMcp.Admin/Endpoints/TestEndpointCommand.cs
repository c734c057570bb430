using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Admin.Output;
using WaMcp.Domain.Endpoints;

namespace WaMcp.Admin.Endpoints;

/// <summary><c>admin endpoints test</c>.</summary>
internal sealed class TestEndpointCommand : ConsoleCommand
{
    private readonly Argument<string> endpoint = EndpointArgument.Create();

    public TestEndpointCommand()
        : base(
            "test",
            "Have a Worker send an event endpoint.test now, to a disabled endpoint as well, and say what the receiver answered. The exit code is 5 when it did not take it.",
            "admin endpoints test end_01m80jv7s0f2qbsx5nq8y4w6ta") => Add(endpoint);

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var (tested, error) = await run.Get<TestEndpoint>().ExecuteAsync(run.Required(endpoint), cancellationToken);
        run.Report.Note(error is null ? $"{tested.Id} took it: HTTP {tested.LastStatus ?? 200}." : $"{tested.Id} did not take it: {error}.");
        run.ExitCode = error is null ? ExitCode.Done : ExitCode.Found;
        await EndpointRows.ShowAsync(run, tested, cancellationToken);
    }
}
