using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Messages;

/// <summary>
/// Rings for whoever waits for a reply when a transaction that recorded one has committed. One for the process: one connection that listens, however
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
    /// <summary>The notification channel; the trigger messages_came writes to it.</summary>
    public const string Notification = "wamcp_inbound";

    /// <summary>How many may wait for one client in one process.</summary>
    public const int MostOfOneClient = 1_000;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30); // then the connection is tried: a broken one may never say so

    private readonly Lock gate = new();
    private readonly Dictionary<string, HashSet<Wait>> waiting = [];
    private readonly Dictionary<ClientId, int> ofClients = [];

    /// <summary>How many wait now.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return ofClients.Values.Sum();
            }
        }
    }

    /// <summary>Waits for messages in a conversation, until it is disposed.</summary>
    /// <exception cref="Fault"><c>rate_limited</c>: too many wait for this client.</exception>
    public Wait Enter(ClientId client, ConversationId conversation) => Enter(client, conversation.Value.ToString());

    /// <summary>Waits for messages from anybody on a channel.</summary>
    /// <exception cref="Fault"><c>rate_limited</c>.</exception>
    public Wait Enter(ClientId client, ChannelId channel) => Enter(client, $"{client.Value}/{channel.Value}");

    private Wait Enter(ClientId client, string key)
    {
        lock (gate)
        {
            var others = ofClients.GetValueOrDefault(client);
            if (others >= MostOfOneClient)
            {
                throw new Fault(
                    FaultCode.RateLimited, $"Already {MostOfOneClient} calls of yours wait for replies.", "Wait until some of them have returned.");
            }

            ofClients[client] = others + 1;
            var wait = new Wait(this, client, key);
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

            if (--ofClients[wait.Client] == 0)
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
        await using var command = new NpgsqlCommand(sql, connection);
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

        internal Wait(InboundWatch watch, ClientId client, string key) => (this.watch, Client, Key) = (watch, client, key);

        internal ClientId Client { get; }

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
