using System.Diagnostics;

namespace WaMcp.Tests.Infrastructure;

/// <summary>Waits for a fact that another part of the system brings about, with a deadline that says what was missing.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static async Task<T> GetAsync<T>(string fact, Func<Task<T>> read, Func<T, bool> holds, TimeSpan? deadline = null)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var value = await read();
            if (holds(value))
            {
                return value;
            }

            if (watch.Elapsed > (deadline ?? Deadline))
            {
                throw new TimeoutException($"Not in time: {fact}. Last seen: {value}");
            }

            await Task.Delay(Pause);
        }
    }

    public static Task TrueAsync(string fact, Func<Task<bool>> holds, TimeSpan? deadline = null) =>
        GetAsync(fact, holds, value => value, deadline);
}
