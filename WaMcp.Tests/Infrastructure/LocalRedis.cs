using System.Globalization;

namespace WaMcp.Tests.Infrastructure;

/// <summary>
/// A Redis of the test's own, from the installed redis-server, on a free port that stays the same over stops and starts. It keeps
/// nothing on disk, so every start is an empty one. Use it as a class fixture or with <see cref="RunAsync"/>.
/// </summary>
public sealed class LocalRedis : IAsyncLifetime, IAsyncDisposable
{
    private static readonly Lazy<Task<LocalRedis>> SharedServer = new(RunAsync);

    private ChildProcess? process;

    public bool IsRunning => process is not null;

    public int Port { get; } = FreePort.Next();

    /// <summary>For <c>ConnectionStrings:redis</c>. Valid before the start too, to test a Redis that is away.</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public static async Task<LocalRedis> RunAsync()
    {
        var redis = new LocalRedis();
        await redis.StartAsync();
        return redis;
    }

    /// <summary>One for tests that neither stop nor flush it.</summary>
    public static Task<LocalRedis> Shared() => SharedServer.Value;

    public async Task StartAsync()
    {
        string[] arguments =
        [
            "--port", Port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--dir", RunFolder.Create("redis"), "--daemonize", "no",
        ];
        process = await ChildProcess.StartAsync("redis-server", arguments,
            line => line.Contains("Ready to accept connections", StringComparison.Ordinal));
    }

    /// <summary>Ends Redis; everything in it is lost.</summary>
    public async Task StopAsync()
    {
        if (process is { } running)
        {
            process = null;
            running.Continue();
            await running.StopAsync();
            await running.DisposeAsync();
        }
    }

    /// <summary>Connections stay open and nothing answers, as with an overloaded or cut-off Redis.</summary>
    public void Freeze() => Running.Freeze();

    public void Continue() => Running.Continue();

    public async ValueTask DisposeAsync() => await StopAsync();

    Task IAsyncLifetime.InitializeAsync() => StartAsync();

    Task IAsyncLifetime.DisposeAsync() => StopAsync();

    private ChildProcess Running => process ?? throw new InvalidOperationException("This Redis is not running: call StartAsync first.");
}
