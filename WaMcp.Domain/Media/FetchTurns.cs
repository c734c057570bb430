using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Media;

/// <summary>Lets a few files be fetched at once, and of each client fewer: a slow server occupies its caller's turns, not everybody's.</summary>
/// <param name="options">How many, and how long one waits for a turn.</param>
public sealed class FetchTurns(IOptions<MediaOptions> options) : IDisposable
{
    private readonly SemaphoreSlim all = new(options.Value.MaxFetches);
    private readonly ConcurrentDictionary<ClientId, SemaphoreSlim> clients = new();

    /// <summary>Fetches when it is the client's turn.</summary>
    /// <exception cref="Fault"><c>rate_limited</c>: no turn came.</exception>
    public async Task<T> RunAsync<T>(ClientId client, Func<Task<T>> fetch, CancellationToken cancellationToken)
    {
        var own = clients.GetOrAdd(client, _ => new(options.Value.MaxFetchesPerClient));
        await TakeAsync(own, cancellationToken); // its own first: who waits for that one holds nobody else's
        try
        {
            await TakeAsync(all, cancellationToken);
            try
            {
                return await fetch();
            }
            finally
            {
                all.Release();
            }
        }
        finally
        {
            own.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => all.Dispose();

    private async Task TakeAsync(SemaphoreSlim turns, CancellationToken cancellationToken)
    {
        if (!await turns.WaitAsync(options.Value.FetchTimeout, cancellationToken))
        {
            throw new Fault(FaultCode.RateLimited, "Too many files are being fetched at once.", "Wait until some of your calls have returned, and try again.", "url");
        }
    }
}
