using System.Threading.Channels;

namespace WaMcp.Worker.Jobs;

/// <summary>
/// Does together whatever has come while the one before was done: no timer, nobody waits for a batch to fill.
/// </summary>
/// <param name="lanes">Batches that are done at the same time.</param>
internal sealed class Batches<T>(int lanes)
{
    // More at once saves nothing and makes everybody wait for the slowest.
    private const int Largest = 250;

    private readonly Channel<T> waiting = Channel.CreateUnbounded<T>();

    /// <summary>Adds one; how many there are is bounded by whoever adds them.</summary>
    public void Add(T item) => waiting.Writer.TryWrite(item);

    /// <summary>No more come.</summary>
    public void Complete() => waiting.Writer.Complete();

    /// <summary>Does what comes until <see cref="Complete"/>.</summary>
    /// <param name="work">Does a batch; must not throw.</param>
    public Task RunAsync(Func<IReadOnlyList<T>, Task> work) =>
        Task.WhenAll(Enumerable.Range(0, lanes).Select(_ => Task.Run(() => RunLaneAsync(work))));

    private async Task RunLaneAsync(Func<IReadOnlyList<T>, Task> work)
    {
        while (await waiting.Reader.WaitToReadAsync())
        {
            var batch = new List<T>();
            while (batch.Count < Largest && waiting.Reader.TryRead(out var item))
            {
                batch.Add(item);
            }

            if (batch.Count > 0)
            {
                await work(batch);
            }
        }
    }
}
