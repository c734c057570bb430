using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace WaMcp.Benchmarks.Delivery;

/// <summary>One of our programs as a process of its own, built by ops/bench; it ends with this object.</summary>
internal sealed class BenchProgram : IAsyncDisposable
{
    private readonly Process process;
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool loud = Environment.GetEnvironmentVariable("WAMCP_BENCH_LOG") is not null;

    private BenchProgram(string name, int port, IEnumerable<KeyValuePair<string, string?>> settings)
    {
        Address = new($"http://127.0.0.1:{port}");
        var program = Path.Combine(BenchPostgres.Root, "artifacts", "bin", name, "release", $"{name}.dll");
        var start = new ProcessStartInfo("dotnet", [program]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ASPNETCORE_URLS"] = Address.ToString();
        foreach (var (key, value) in settings)
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public Uri Address { get; }

    public int ProcessId => process.Id;

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>What every program needs: secrets of its own, and no duty that runs meanwhile.</summary>
    /// <param name="postgres">The database.</param>
    /// <param name="redis">Where; a program that counts no calls needs none.</param>
    public static Dictionary<string, string?> Settings(BenchPostgres postgres, string redis = "127.0.0.1:1") => new()
    {
        ["ConnectionStrings:wamcp"] = postgres.App,
        ["ConnectionStrings:redis"] = redis,
        ["ConnectionStrings:archiver"] = postgres.App,
        ["api_key_pepper"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
        ["encryption_key"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
        ["meta_app_secret"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
        ["meta_webhook_verify_token"] = "bench",
        ["wa_access_token"] = "EAAbench",
        ["Duties:At"] = DateTimeOffset.UtcNow.AddHours(12).ToString("HH:mm:ss", CultureInfo.InvariantCulture),
    };

    /// <summary>Starts it and waits until it is up.</summary>
    public static async Task<BenchProgram> StartAsync(
        string name, int port, IEnumerable<KeyValuePair<string, string?>> settings, CancellationToken cancellationToken)
    {
        var program = new BenchProgram(name, port, settings);
        if (await Task.WhenAny(program.started.Task, program.process.WaitForExitAsync(cancellationToken)) != program.started.Task)
        {
            throw new InvalidOperationException($"{name} did not start; with WAMCP_BENCH_LOG=1 it says why.");
        }

        return program;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            using var stop = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            await stop.WaitForExitAsync();
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private void Read(string? line)
    {
        if (loud && line is not null)
        {
            Console.Error.WriteLine(line);
        }

        if (line?.Contains("Application started", StringComparison.Ordinal) == true)
        {
            started.TrySetResult();
        }
    }
}
