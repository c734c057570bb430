using System.Net;
using Microsoft.Extensions.Options;
using WaMcp.Domain.Endpoints;
using WaMcp.Domain.Media;
using WaMcp.Tests.Media;

namespace WaMcp.Tests.Endpoints;

/// <summary>What clients could do with our place in the network, if their addresses were simply posted to.</summary>
public sealed class HostileAddressTests(EndpointSystem endpoints) : IClassFixture<EndpointSystem>
{
    [Theory]
    [InlineData("http://example.com/", "must be an https address")]
    [InlineData("ftp://example.com/", "must be an https address")]
    [InlineData("example.com/hook", "is not a web address")]
    [InlineData("https://user:secret@example.com/", "no user name")]
    [InlineData("https://127.0.0.1/", "not on the public internet")]
    [InlineData("https://[::1]/", "not on the public internet")]
    [InlineData("https://[::ffff:10.0.0.1]/", "not on the public internet")]
    [InlineData("https://169.254.169.254/latest/meta-data/", "not on the public internet")]
    [InlineData("https://2130706433/", "not on the public internet")]
    public async Task AnAddressThatCannotBeAnEndpointsIsRefused(string url, string why)
    {
        var client = await endpoints.System.Console.OnboardAsync();

        var run = await endpoints.Console.RunAsync("endpoints", "add", "--client", client.Client.Slug, "--url", url);

        run.ShouldFail(2, "--url: ", why);
    }

    [Fact]
    public async Task ANameThatLeadsInsideIsNotConnectedTo()
    {
        var client = await endpoints.System.Console.OnboardAsync();
        var port = new Uri(endpoints.Receiver.Origin).Port;
        var added = await endpoints.Console.DoAsync("endpoints", "add", "--client", client.Client.Slug, "--url", $"https://localhost:{port}/");

        var run = await endpoints.Console.RunAsync("endpoints", "test", added.GetProperty("id").GetString()!);

        run.ExitCode.ShouldBe(5);
        run.Err.ShouldContain("did not take it: the host is not on the public internet.");
        await endpoints.DoneAsync(client);
    }

    [Fact]
    public async Task ANameIsLookedUpAndCheckedForEachConnectionAndTheAddressThatWasCheckedIsUsed()
    {
        await using var server = await HostileServer.StartAsync(Mailbox.Status(204));
        using var post = Post(server.Route);
        (await post.ExecuteAsync(server.Url("/hook"), [], [1], default)).Error.ShouldBeNull();

        server.Names[HostileServer.Website] = [IPAddress.Loopback];
        using var later = Post(server.Route);
        (await later.ExecuteAsync(server.Url("/hook"), [], [1], default)).Error.ShouldBe("the host is not on the public internet");
        server.Names[HostileServer.Website] = [HostileServer.Address, IPAddress.Parse("10.0.0.1")];
        (await later.ExecuteAsync(server.Url("/hook"), [], [1], default)).Error.ShouldBe("the host is not on the public internet", "one private address is one too many");
        server.Requests.ShouldBe(1);
        server.LookUps.Count.ShouldBe(3);
    }

    [Fact]
    public async Task ACertificateThatIsNotTheHostsAndAHostThatDoesNotExistAreTold()
    {
        await using var server = await HostileServer.StartAsync(Mailbox.Status(204));
        var trusting = server.Route;
        using var post = Post(new FetchRoute { Resolve = trusting.Resolve, AlsoAllowed = trusting.AlsoAllowed });

        (await post.ExecuteAsync(server.Url(), [], [1], default)).Error!.ShouldStartWith("no secure connection");
        (await post.ExecuteAsync("https://no-such-host.invalid/", [], [1], default)).Error.ShouldBe("the host does not exist");
        server.Requests.ShouldBe(0);
    }

    [Fact]
    public async Task AReceiverThatNeverEndsItsAnswerCostsNothing()
    {
        var hungUp = new TaskCompletionSource();
        await using var server = await HostileServer.StartAsync(async http =>
        {
            http.RequestAborted.Register(hungUp.SetResult);
            for (var chunk = new byte[64 * 1024]; !http.RequestAborted.IsCancellationRequested;)
            {
                await http.Response.Body.WriteAsync(chunk, http.RequestAborted);
            }
        });
        using var post = Post(server.Route);

        (await post.ExecuteAsync(server.Url(), [], [1], default)).Status.ShouldBe(200);
        await hungUp.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private static PostEvent Post(FetchRoute route) => new(route, Options.Create(new EndpointOptions { Timeout = TimeSpan.FromSeconds(5) }), TimeProvider.System);
}
