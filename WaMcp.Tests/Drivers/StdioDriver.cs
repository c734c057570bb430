using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Drivers;

/// <summary>
/// A program that speaks MCP over stdio, met line by line where its own output matters. It ends with the test run by itself: its input is
/// closed then.
/// </summary>
internal sealed class StdioDriver : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<string> output = new();
    private readonly ConcurrentQueue<string> errors = new();
    private readonly Process process;
    private readonly Task reading;
    private int lastId;

    private StdioDriver(Process process)
    {
        this.process = process;
        reading = Task.WhenAll(KeepAsync(process.StandardOutput, output), KeepAsync(process.StandardError, errors));
    }

    /// <summary>What came out of standard output so far.</summary>
    public IReadOnlyList<string> Output => [.. output];

    /// <summary>What came out of standard error so far.</summary>
    public string Errors => string.Join('\n', errors);

    public static StdioDriver Start(string command, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment)
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        return new StdioDriver(Process.Start(start)!);
    }

    /// <summary>Says hello as a client of the protocol version that most have.</summary>
    public async Task InitializeAsync()
    {
        await AskAsync("initialize", new
        {
            protocolVersion = "2025-06-18",
            capabilities = new { },
            clientInfo = new { name = "tests", version = "1" },
        });
        await SendAsync("""{"jsonrpc":"2.0","method":"notifications/initialized"}""");
    }

    /// <summary>Calls a tool and returns the whole answer.</summary>
    public Task<JsonElement> CallAsync(string tool, object? arguments = null) => AskAsync("tools/call", new { name = tool, arguments = arguments ?? new { } });

    /// <summary>Sends a request and returns the message that answers it.</summary>
    public async Task<JsonElement> AskAsync(string method, object parameters)
    {
        var id = await SendAsync(method, parameters);
        return await Eventually.GetAsync(
            $"the answer {id} to {method}",
            () => Task.FromResult(output.Select(line => JsonDocument.Parse(line).RootElement)
                .FirstOrDefault(message => message.TryGetProperty("id", out var answered) && answered.GetInt32() == id)),
            message => message.ValueKind == JsonValueKind.Object,
            Patience);
    }

    /// <summary>Sends a request and does not wait.</summary>
    public async Task<int> SendAsync(string method, object parameters)
    {
        var id = ++lastId;
        await SendAsync(new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = id,
            ["method"] = method,
            ["params"] = JsonSerializer.SerializeToNode(parameters),
        }.ToJsonString());
        return id;
    }

    public async Task SendAsync(string line)
    {
        await process.StandardInput.WriteLineAsync(line);
        await process.StandardInput.FlushAsync();
    }

    /// <summary>Closes its input, which is how a client ends it, and returns its exit code.</summary>
    public Task<int> CloseAsync()
    {
        process.StandardInput.Close();
        return ExitAsync();
    }

    public Task<int> EndAsync(Signal signal)
    {
        ChildProcess.Send(process.Id, signal);
        return ExitAsync();
    }

    public async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Patience);
        await reading;
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private static async Task KeepAsync(StreamReader reader, ConcurrentQueue<string> lines)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lines.Enqueue(line);
        }
    }
}
