using WaMcp.Tests.Admin;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Endpoints;

/// <summary>A running system, clients' web servers that it may post to, and the operators' console.</summary>
public sealed class EndpointSystem : IAsyncLifetime
{
    internal WaMcpSystem System { get; private set; } = null!;

    internal EndpointReceiver Receiver { get; private set; } = null!;

    internal AdminConsole Console { get; private set; } = null!;

    internal ShiftedClock Clock { get; } = new();

    public async Task InitializeAsync()
    {
        Receiver = await EndpointReceiver.StartAsync();
        await StartAsync(settings => WaMcpSystem.StartWithClockAsync(Clock, null, settings));
    }

    internal static async Task<EndpointSystem> StartProcessesAsync()
    {
        var started = new EndpointSystem { Receiver = await EndpointReceiver.StartAsync() };
        await started.StartAsync(settings => WaMcpSystem.StartProcessesAsync(null, settings));
        return started;
    }

    public async Task DisposeAsync()
    {
        await System.DisposeAsync();
        await Receiver.DisposeAsync();
    }

    /// <summary>Has a client told at a web server of its own.</summary>
    internal async Task<(string Id, string Secret)> AddAsync(TestClient client, Mailbox mailbox, params string[] options)
    {
        var run = await Console.RunAsync(["endpoints", "add", "--client", client.Client.Slug, "--url", mailbox.Url, .. options, "--output", "json"]);
        run.ExitCode.ShouldBe(0, run.Out + run.Err);
        var secret = run.ErrLines[^1];
        run.Out.ShouldNotContain("whsec_");
        return (run.Json.GetProperty("id").GetString()!, secret);
    }

    /// <summary>What waits for its time comes now.</summary>
    internal Task<object?> HurryAsync(TestClient client) => System.QueryAsync<object>(
        "WITH due AS (UPDATE jobs SET run_at = now() WHERE kind = 'Notify' AND client_id = $1 AND lease_id IS NULL AND dead_at IS NULL RETURNING 1) SELECT pg_notify('wamcp_jobs', '') FROM due",
        client.Client.Id.Value);

    /// <summary>Waits until an attempt has failed so often, of all that wait for the client.</summary>
    internal Task FailedAsync(TestClient client, int attempts, int events = 1) => Eventually.TrueAsync($"failed {attempts} times", async () =>
        await System.QueryAsync<long>(
            "SELECT count(*) FROM jobs WHERE kind = 'Notify' AND client_id = $1 AND lease_id IS NULL AND attempts = $2", client.Client.Id.Value, attempts) == events);

    /// <summary>Waits until nothing is to be told any more.</summary>
    internal Task DoneAsync(TestClient client) => Eventually.TrueAsync("everything is told", async () =>
        await System.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind = 'Notify' AND client_id = $1", client.Client.Id.Value) == 0);

    /// <summary>Over a system that somebody else started, and ends.</summary>
    internal static EndpointSystem Over(WaMcpSystem system, EndpointReceiver receiver)
    {
        var over = new EndpointSystem { System = system, Receiver = receiver };
        over.UseConsole();
        return over;
    }

    private async Task StartAsync(Func<(string Key, string? Value)[], Task<WaMcpSystem>> start)
    {
        System = await start([("Endpoints:AlsoAllowed:0", Receiver.Origin), ("Endpoints:Timeout", "00:00:05")]);
        UseConsole();
    }

    private void UseConsole()
    {
        Console = AdminConsole.Of(System);
        Console.Settings["encryption_key"] = TestSecrets.EncryptionKey;
        Console.Settings["Endpoints:AlsoAllowed:0"] = Receiver.Origin;
    }
}
