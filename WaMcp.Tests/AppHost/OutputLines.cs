namespace WaMcp.Tests.AppHost;

/// <summary>What a process has printed so far, and who waits for which line of it.</summary>
internal sealed class OutputLines
{
    private readonly Lock gate = new();
    private readonly List<string> lines = [];
    private readonly List<(string Text, TaskCompletionSource<string> Found)> waiting = [];

    public void Add(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (gate)
        {
            lines.Add(line);
            foreach (var (_, found) in waiting.Where(one => line.Contains(one.Text, StringComparison.Ordinal)))
            {
                found.TrySetResult(line);
            }
        }
    }

    public Task<string> LineWithAsync(string text, CancellationToken cancellationToken)
    {
        var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (lines.Find(line => line.Contains(text, StringComparison.Ordinal)) is { } line)
            {
                found.SetResult(line);
            }

            waiting.Add((text, found));
        }

        return found.Task.WaitAsync(cancellationToken);
    }

    public IReadOnlyList<string> Snapshot()
    {
        lock (gate)
        {
            return [.. lines];
        }
    }

    public override string ToString() => string.Join('\n', Snapshot());
}
