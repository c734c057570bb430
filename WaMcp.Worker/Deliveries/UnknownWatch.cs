using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Worker.Deliveries;

/// <summary>
/// Looks every minute, once across workers, for messages whose outcome has been unknown for too long, and for statuses that came before the ids
/// of their messages and were not applied with them.
/// </summary>
/// <param name="services">A scope for each client: row-level security shows no more than that.</param>
/// <param name="database">Has the lock.</param>
/// <param name="options">How often, and how long.</param>
/// <param name="clock">How old they are.</param>
/// <param name="logger">For what was given up, and failures.</param>
internal sealed partial class UnknownWatch(
    IServiceScopeFactory services, NpgsqlDataSource database, IOptions<DeliveryOptions> options, TimeProvider clock, ILogger<UnknownWatch> logger)
    : PeriodicService(clock)
{
    protected override TimeSpan Every => options.Value.LookEvery;

    /// <summary>Ends those there are.</summary>
    /// <returns>How many; none as well when another worker looks just now.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken); // its end frees the lock
        await using var turn = new NpgsqlCommand("SELECT pg_try_advisory_xact_lock(hashtextextended('wamcp unknown outcomes', 0))", connection);
        if (await turn.ExecuteScalarAsync(cancellationToken) is not true)
        {
            return 0;
        }

        var ended = 0;
        var failures = new List<Exception>();
        foreach (var client in await ClientsAsync(cancellationToken))
        {
            try
            {
                ended += await EndAsync(client, cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                failures.Add(exception); // the other clients' messages end all the same
            }
        }

        if (ended > 0)
        {
            LogEnded(ended, options.Value.UnknownAfter);
        }

        return failures.Count == 0 ? ended : throw new AggregateException(failures);
    }

    protected override Task TurnAsync(CancellationToken cancellationToken) => RunOnceAsync(cancellationToken);

    protected override void Failed(Exception exception, bool again)
    {
        if (!again)
        {
            LogNotLooked(exception);
        }
    }

    private async Task<int> EndAsync(ClientId client, CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantContext>().Set(client);
        await scope.ServiceProvider.GetRequiredService<EarlyStatuses>().ApplyAsync(messages: null, cancellationToken);
        return await scope.ServiceProvider.GetRequiredService<EndUnknown>()
            .ExecuteAsync(Clock.GetUtcNow() - options.Value.UnknownAfter, cancellationToken);
    }

    private async Task<List<ClientId>> ClientsAsync(CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<WaMcpDbContext>().Clients.Select(client => client.Id).ToListAsync(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} messages were unknown for {Period} and have failed now; nobody ever confirmed them.")]
    private partial void LogEnded(int count, TimeSpan period);

    [LoggerMessage(Level = LogLevel.Error, Message = "Messages whose outcome is unknown cannot be looked for.")]
    private partial void LogNotLooked(Exception exception);
}
