using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace WaMcp.Tests.Infrastructure;

/// <summary>Keeps what programs log, message and exception, for tests that read or search it.</summary>
internal sealed class LogLines : ILoggerProvider
{
    // Where a run that puzzles can be read afterwards.
    private static readonly string? File = Environment.GetEnvironmentVariable("WAMCP_TEST_LOG");

    private readonly ConcurrentQueue<string> lines = new();

    public string Text => string.Join('\n', lines);

    public ILogger CreateLogger(string categoryName) => new Writer(categoryName, lines);

    public void Dispose()
    {
    }

    private sealed class Writer(string category, ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Keep($"{logLevel} {category}: {formatter(state, exception)} {exception}");

        private void Keep(string line)
        {
            lines.Enqueue(line);
            if (File is not null)
            {
                lock (File)
                {
                    System.IO.File.AppendAllText(File, $"{line}\n");
                }
            }
        }
    }
}
