using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Messages;

/// <summary>
/// Tells whoever waits for a message when the provider has answered. One for the process: it asks Postgres for all of them together, in one
/// round trip, and not at all while nobody waits. Nobody holds a connection while waiting.
/// </summary>
/// <remarks>Row-level security holds here as well: within the round trip each client's messages are read in its own name.</remarks>
/// <param name="database">As wa_app.</param>
/// <param name="clock">For the pauses.</param>
/// <param name="logger">For when Postgres is away; who waits then gets the state that was known.</param>
public sealed partial class MessageWatch(NpgsqlDataSource database, TimeProvider clock, ILogger<MessageWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<Guid, Waiting> waiting = new();
    private readonly SemaphoreSlim bell = new(0);

    /// <summary>Waits until the message is neither queued nor on its way any more, or the time is over.</summary>
    /// <param name="client">Whose message.</param>
    /// <param name="message">Which.</param>
    /// <param name="patience">How long at most.</param>
    /// <param name="cancellationToken">The caller hung up.</param>
    public async Task WaitAsync(ClientId client, MessageId message, TimeSpan patience, CancellationToken cancellationToken)
    {
        var place = Guid.NewGuid();
        var mine = waiting[place] = new Waiting(client, message);
        bell.Release();
        try
        {
            await mine.Settled.Task.WaitAsync(patience, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The caller gets the state it has by now.
        }
        finally
        {
            waiting.TryRemove(place, out _);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await bell.WaitAsync(stoppingToken);
            while (!waiting.IsEmpty)
            {
                try
                {
                    await LookAsync(stoppingToken);
                }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
                {
                    LogNotAsked(exception);
                }

                await Task.Delay(Pause, clock, stoppingToken);
            }
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var asked = waiting.Values.ToList();
        await using var batch = database.CreateBatch(); // without a transaction of ours, the batch is one
        foreach (var ofClient in asked.GroupBy(each => each.Client))
        {
            batch.BatchCommands.Add(new("SELECT set_config('wamcp.client_id', $1, true)")
            {
                Parameters = { new() { Value = ofClient.Key.Value.ToString() } },
            });
            batch.BatchCommands.Add(new("SELECT id FROM messages WHERE id = ANY($1) AND state NOT IN ('Queued', 'Sending')")
            {
                Parameters = { new() { Value = ofClient.Select(each => each.Message.Value).Distinct().ToArray() } },
            });
        }

        if (batch.BatchCommands.Count == 0)
        {
            return;
        }

        var settled = new HashSet<Guid>();
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        do
        {
            await reader.NextResultAsync(cancellationToken); // past whose they are
            while (await reader.ReadAsync(cancellationToken))
            {
                settled.Add(reader.GetGuid(0));
            }
        }
        while (await reader.NextResultAsync(cancellationToken));

        foreach (var each in asked.Where(each => settled.Contains(each.Message.Value)))
        {
            each.Settled.TrySetResult();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The messages that callers wait for could not be looked up; trying again.")]
    private partial void LogNotAsked(Exception exception);

    private sealed record Waiting(ClientId Client, MessageId Message)
    {
        public TaskCompletionSource Settled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
