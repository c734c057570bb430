using Npgsql;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Messages;

namespace WaMcp.Worker.Inbound;

/// <summary>
/// Tells the Servers that messages have been committed, for those who wait for a reply (<see cref="InboundWatch"/>), and the Workers that jobs have come
/// with them, or with what became of sends. What has gathered while the last round went out goes in one statement: no timer, and one round trip at a time however many messages come.
/// </summary>
/// <remarks>
/// A commit with a notification takes turns with all others of the cluster until it is on the disk; so recordings do not notify themselves. This statement
/// writes nothing, so its turn is over without waiting for a disk. Whatever a process takes with it when it dies is found by the last look of whoever waits.
/// </remarks>
/// <param name="database">To notify through.</param>
/// <param name="clock">For the pause after a failure.</param>
/// <param name="logger">Says when nobody can be told.</param>
internal sealed partial class InboundBell(NpgsqlDataSource database, TimeProvider clock, ILogger<InboundBell> logger) : BackgroundService
{
    // While the database is away; who waits then is rung for when the Servers are connected again.
    private const int Most = 10_000;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly SemaphoreSlim bell = new(0, 1);
    private HashSet<(string Name, string Key)> keys = [];

    /// <summary>Tells it soon. Never waits and never throws.</summary>
    /// <param name="rung">What <see cref="RecordInbound.TakeRings"/> gives.</param>
    /// <param name="jobs">Of which kinds jobs have come: files to fetch, endpoints to tell.</param>
    public void Ring(IEnumerable<string> rung, params IEnumerable<JobKind> jobs) =>
        Ring(rung.Select(key => (InboundWatch.Notification, key)).Concat(jobs.Select(kind => (JobQueue.Notification, kind.ToString()))).ToHashSet());

    private void Ring(HashSet<(string Name, string Key)> rung)
    {
        if (rung.Count == 0)
        {
            return;
        }

        lock (gate)
        {
            if (keys.Count < Most)
            {
                keys.UnionWith(rung);
            }

            if (bell.CurrentCount == 0)
            {
                bell.Release(); // only here, and one at a time
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await bell.WaitAsync(stoppingToken);
                if (!await TryTellAsync())
                {
                    await Task.Delay(Pause, clock, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            await TryTellAsync(); // what was committed last
        }
    }

    private async Task<bool> TryTellAsync()
    {
        HashSet<(string Name, string Key)> gathered;
        lock (gate)
        {
            (gathered, keys) = (keys, []);
        }

        if (gathered.Count == 0)
        {
            return true;
        }

        try
        {
            await using var command = database.CreateCommand("SELECT pg_notify(name, key) FROM unnest($1, $2) AS rung (name, key)");
            command.Parameters.AddWithValue(gathered.Select(each => each.Name).ToArray());
            command.Parameters.AddWithValue(gathered.Select(each => each.Key).ToArray());
            await command.ExecuteNonQueryAsync();
            return true;
        }
        catch (Exception exception)
        {
            LogNotTold(exception, gathered.Count);
            Ring(gathered);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Who waits could not be told of what was recorded in {Count} places; trying again.")]
    private partial void LogNotTold(Exception exception, int count);
}
