using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Messages;

/// <summary>
/// Rings for whoever waits for a reply once a Worker says that one was committed. One for the process: one connection that listens, however
/// many wait; nobody asks the database while nothing comes.
/// </summary>
/// <remarks>
/// A ring says only that there may be something: who is rung for looks in a scope of its own, under its own client. When the connection was lost, all
/// are rung for as soon as it is back.
/// </remarks>
/// <param name="database">One connection of its own.</param>
/// <param name="clock">For the pauses.</param>
/// <param name="logger">Says when the connection goes.</param>
public sealed partial class InboundWatch(NpgsqlDataSource database, TimeProvider clock, ILogger<InboundWatch> logger) : BackgroundService
{
    /// <summary>The notification channel. A Worker writes to it what <see cref="Keys"/> says, after a message was committed.</summary>
    public const string Notification = "wamcp_inbound";

    /// <summary>How many may wait for one client in one process.</summary>
    public const int MostOfOneClient = 1_000;

    /// <summary>How many of those for somebody who never wrote: each of them looks whenever anybody new writes.</summary>
    public const int MostForSomebodyNew = 100;

    /// <summary>How many may wait in one process, whoever they are.</summary>
    public const int MostOfAll = 10_000;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30); // then the connection is tried: a broken one may never say so

    private readonly Lock gate = new();
    private readonly Dictionary<string, HashSet<Wait>> waiting = [];
    private readonly Dictionary<ClientId, (int All, int ForSomebodyNew)> ofClients = [];
    private int count;

    /// <summary>How many wait now.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return count;
            }
        }
    }

    /// <summary>For whom to ring when a message was committed: who waits in its conversation, and if nobody wrote there before, who waits for somebody new.</summary>
    public static IEnumerable<string> Keys(ClientId client, ChannelId channel, ConversationId conversation, bool isFirst) =>
        isFirst ? [Key(conversation), Key(client, channel)] : [Key(conversation)];

    /// <summary>Waits for messages in a conversation, until it is disposed.</summary>
    /// <exception cref="Fault"><c>rate_limited</c>: too many wait for this client, or in this process.</exception>
    public Wait Enter(ClientId client, ConversationId conversation) => Enter(client, Key(conversation), isForSomebodyNew: false);

    /// <summary>Waits on a channel for somebody who never wrote.</summary>
    /// <exception cref="Fault"><c>rate_limited</c>.</exception>
    public Wait Enter(ClientId client, ChannelId channel) => Enter(client, Key(client, channel), isForSomebodyNew: true);

    private static string Key(ConversationId conversation) => conversation.Value.ToString();

    /// <summary>For whom to ring when somebody's number or id was learned: they may be whom somebody waits for by it.</summary>
    public static string Key(ClientId client, ChannelId channel) => $"{client.Value}/{channel.Value}";

    private Wait Enter(ClientId client, string key, bool isForSomebodyNew)
    {
        lock (gate)
        {
            var (all, forSomebodyNew) = ofClients.GetValueOrDefault(client);
            if (all >= MostOfOneClient || (isForSomebodyNew && forSomebodyNew >= MostForSomebodyNew) || count >= MostOfAll)
            {
                throw new Fault(
                    FaultCode.RateLimited,
                    all >= MostOfOneClient ? $"Already {MostOfOneClient} calls of yours wait for replies."
                        : count >= MostOfAll ? "Too many calls wait for replies just now."
                        : $"Already {MostForSomebodyNew} calls of yours wait for people who never wrote.",
                    "Wait until some of them have returned.");
            }

            ofClients[client] = (all + 1, forSomebodyNew + (isForSomebodyNew ? 1 : 0));
            count++;
            var wait = new Wait(this, client, key, isForSomebodyNew);
            if (!waiting.TryGetValue(key, out var place))
            {
                waiting[key] = place = [];
            }

            place.Add(wait);
            return wait;
        }
    }

    private void Leave(Wait wait)
    {
        lock (gate)
        {
            if (!waiting.TryGetValue(wait.Key, out var place) || !place.Remove(wait))
            {
                return; // a second time
            }

            if (place.Count == 0)
            {
                waiting.Remove(wait.Key);
            }

            count--;
            var (all, forSomebodyNew) = ofClients[wait.Client];
            ofClients[wait.Client] = (all - 1, forSomebodyNew - (wait.IsForSomebodyNew ? 1 : 0));
            if (all == 1)
            {
                ofClients.Remove(wait.Client);
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogLost(exception);
                await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, notification) => Ring(notification.Payload.Split(' '));
        await RunAsync(connection, $"LISTEN {Notification}", cancellationToken);
        RingForAll(); // whatever came while nobody listened
        while (true)
        {
            if (!await connection.WaitAsync(Silence, cancellationToken))
            {
                await RunAsync(connection, "SELECT", cancellationToken);
            }
        }
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 5 }; // seconds
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private void Ring(string[] keys)
    {
        lock (gate)
        {
            foreach (var wait in keys.SelectMany(key => waiting.GetValueOrDefault(key) ?? []))
            {
                wait.Ring();
            }
        }
    }

    private void RingForAll()
    {
        lock (gate)
        {
            foreach (var wait in waiting.Values.SelectMany(place => place))
            {
                wait.Ring();
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection that listens for messages was lost; who waits for a reply is told when it is back.")]
    private partial void LogLost(Exception exception);

    /// <summary>Somebody who waits.</summary>
    public sealed class Wait : IDisposable
    {
        private readonly InboundWatch watch;
        private readonly SemaphoreSlim bell = new(0, 1);

        internal Wait(InboundWatch watch, ClientId client, string key, bool isForSomebodyNew) =>
            (this.watch, Client, Key, IsForSomebodyNew) = (watch, client, key, isForSomebodyNew);

        internal ClientId Client { get; }

        internal bool IsForSomebodyNew { get; }

        internal string Key { get; }

        /// <summary>Waits until something may have come since the last time, or the time is over.</summary>
        /// <returns>Whether something may have come.</returns>
        public Task<bool> NextAsync(TimeSpan patience, CancellationToken cancellationToken) => bell.WaitAsync(patience, cancellationToken);

        /// <summary>Waits no more.</summary>
        public void Dispose()
        {
            watch.Leave(this); // nobody rings from here on
            bell.Dispose();
        }

        internal void Ring()
        {
            if (bell.CurrentCount == 0)
            {
                bell.Release(); // only here, and one at a time
            }
        }
    }
}
