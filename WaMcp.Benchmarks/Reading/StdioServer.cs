using System.Diagnostics;
using System.Text.Json;

namespace WaMcp.Benchmarks.Reading;

/// <summary>The server over stdio, as the owner: the same tools as over HTTP, with nothing to wait for but the database.</summary>
internal sealed class StdioServer : IAsyncDisposable
{
    private readonly Process process;
    private int last;

    private StdioServer(string connectionString)
    {
        var program = Path.Combine(BenchPostgres.Root, "artifacts", "bin", "WaMcp.Server", "release", "WaMcp.Server.dll");
        var start = new ProcessStartInfo("dotnet", [program, "--stdio"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ConnectionStrings__wamcp"] = connectionString;
        process = Process.Start(start)!;
        var loud = Environment.GetEnvironmentVariable("WAMCP_BENCH_LOG") is not null;
        process.ErrorDataReceived += (_, line) =>
        {
            if (loud && line.Data is not null)
            {
                Console.Error.WriteLine(line.Data);
            }
        };
        process.BeginErrorReadLine();
    }

    public static async Task<StdioServer> StartAsync(string connectionString, CancellationToken cancellationToken)
    {
        var server = new StdioServer(connectionString);
        await server.AskAsync(
            "initialize", new { protocolVersion = "2025-06-18", capabilities = new { }, clientInfo = new { name = "bench", version = "1" } }, cancellationToken);
        await server.SendAsync(new { jsonrpc = "2.0", method = "notifications/initialized" }, cancellationToken);
        return server;
    }

    /// <summary>Calls a tool.</summary>
    /// <returns>What it answered, and how long that took.</returns>
    public async Task<(JsonElement Answer, TimeSpan Took)> CallAsync(string tool, object arguments, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var result = await AskAsync("tools/call", new { name = tool, arguments }, cancellationToken);
        var took = Stopwatch.GetElapsedTime(started);
        return result.TryGetProperty("isError", out var failed) && failed.GetBoolean()
            ? throw new InvalidOperationException($"{tool} was refused: {result}")
            : (result.TryGetProperty("structuredContent", out var answer) ? answer : default, took);
    }

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private async Task<JsonElement> AskAsync(string method, object parameters, CancellationToken cancellationToken)
    {
        var id = ++last;
        await SendAsync(new { jsonrpc = "2.0", id, method, @params = parameters }, cancellationToken);
        while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            using var message = JsonDocument.Parse(line);
            if (message.RootElement.TryGetProperty("id", out var answered) && answered.ValueKind == JsonValueKind.Number && answered.GetInt32() == id)
            {
                return message.RootElement.TryGetProperty("result", out var result)
                    ? result.Clone()
                    : throw new InvalidOperationException($"{method} was refused: {message.RootElement}");
            }
        }

        throw new InvalidOperationException("The server over stdio ended; with WAMCP_BENCH_LOG=1 it says why.");
    }

    private async Task SendAsync(object message, CancellationToken cancellationToken)
    {
        await process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(message).AsMemory(), cancellationToken);
        await process.StandardInput.FlushAsync(cancellationToken);
    }
}
