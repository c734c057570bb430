using System.Collections.Concurrent;
using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using static WaMcp.Tests.Auth.DecisionCell;

namespace WaMcp.Tests.Auth;

/// <summary>
/// Makes every state once, calls a tool in every cell, and then waits once for the audit rows. The calls are all of one tool that wants
/// a channel; each says who it is in its User-Agent, which its rows keep.
/// </summary>
public sealed class DecisionTable(AttackedSystem attacked) : IAsyncLifetime
{
    private const string Tool = "get_messages";
    private const string OtherTool = "send_message";

    private static readonly Holding[] Holdings = Enum.GetValues<Holding>();

    private readonly WaMcpSystem system = attacked.System;
    private readonly Dictionary<GrantState, Channel> channels = [];
    private readonly Dictionary<bool, Client> clients = [];
    private readonly Dictionary<(bool IsOwner, Holding Tool, Holding Number, KeyState State), (ApiKey Key, string Token)> keys = [];
    private readonly ConcurrentDictionary<DecisionCell, RawAnswer> answers = [];
    private ILookup<string, string> actions = null!;

    internal (DecisionCell Cell, RawAnswer Answer, string[] Actions) this[string name]
    {
        get
        {
            var cell = DecisionCell.All.Single(cell => cell.Name == name);
            return (cell, answers[cell], [.. actions[name]]);
        }
    }

    public async Task InitializeAsync()
    {
        await CreateAsync();
        await UseEveryKeyAsync();
        await TakeBackAsync();
        await CallAsync(DecisionCell.All.Where(cell => cell.IsEnabled));
        await EnableAsync(false);
        await CallAsync(DecisionCell.All.Where(cell => !cell.IsEnabled));
        await ReadAuditAsync();
    }

    public Task DisposeAsync() => EnableAsync(true);

    private async Task CreateAsync()
    {
        var elsewhere = await system.Console.ChannelAsync("300000000000000");
        foreach (var (state, number) in Enum.GetValues<GrantState>().Where(state => state <= GrantState.OnAnotherNumberOnly).Select((state, i) => (state, i)))
        {
            channels[state] = await system.Console.ChannelAsync($"30000000000000{number + 1}");
        }

        (clients[false], clients[true]) = (await system.Console.ClientAsync(), attacked.Owner);
        foreach (var (isOwner, client) in clients)
        {
            await system.Console.GrantAsync(client, elsewhere);
            await system.Console.GrantAsync(client, channels[GrantState.InForce]);
            await system.Console.GrantAsync(client, channels[GrantState.WithoutTheTool], [OtherTool]);
            await system.Console.GrantAsync(client, channels[GrantState.Revoked]);
            foreach (var (tool, number, state) in
                from tool in Holdings
                from number in Holdings
                from state in new[] { KeyState.Active, KeyState.Revoked, KeyState.Expired }
                select (tool, number, state))
            {
                keys[(isOwner, tool, number, state)] = await MintAsync(
                    client, [ToolScope(tool), .. NumberScopes(number, elsewhere)], state == KeyState.Expired ? TimeSpan.FromMilliseconds(1) : null);
            }
        }
    }

    private static string ToolScope(Holding holding) => holding switch
    {
        Holding.Held => $"tools:{Tool}",
        Holding.Missing => $"tools:{OtherTool}",
        _ => "tools:*",
    };

    private IEnumerable<string> NumberScopes(Holding holding, Channel elsewhere) => holding switch
    {
        Holding.Held => channels.Values.Select(channel => $"numbers:{channel.Id}"),
        Holding.Missing => [$"numbers:{elsewhere.Id}"],
        _ => ["numbers:*"],
    };

    private async Task<(ApiKey Key, string Token)> MintAsync(Client client, string[] scopes, TimeSpan? expires)
    {
        if (client.IsOwner)
        {
            return await system.Console.MintAsync(client, scopes, expires: expires);
        }

        // Nobody can mint a wildcard for this client, so whatever put it there went around the console.
        var minted = await system.Console.MintAsync(client, [$"tools:{OtherTool}"], expires: expires);
        await system.QueryAsync<object>("UPDATE api_keys SET scopes = $2 WHERE id = $1", minted.Key.Id.Value, scopes);
        return minted;
    }

    // Whatever the server remembers of a key, it remembers it before something is taken back.
    private Task UseEveryKeyAsync() => Parallel.ForEachAsync(keys.Values, async (key, _) =>
        await system.Mcp(key.Token, "warm-up").CallAsync(Tool, new { channel = channels[GrantState.Revoked].Name }));

    private async Task TakeBackAsync()
    {
        foreach (var client in clients.Values)
        {
            await system.Console.RevokeGrantAsync(client, channels[GrantState.Revoked]);
        }

        foreach (var ((_, _, _, state), (key, _)) in keys)
        {
            if (state == KeyState.Revoked)
            {
                await system.Console.RevokeAsync(key);
            }
        }
    }

    private async Task EnableAsync(bool enabled)
    {
        foreach (var client in clients.Values)
        {
            await system.Console.EnableAsync(client, enabled);
        }
    }

    private Task CallAsync(IEnumerable<DecisionCell> cells) => Parallel.ForEachAsync(
        cells,
        new ParallelOptions { MaxDegreeOfParallelism = 4 },
        async (cell, _) => answers[cell] = await system.Mcp(TokenOf(cell), cell.Name).CallAsync(Tool, Arguments(cell)));

    private string TokenOf(DecisionCell cell)
    {
        string Minted(KeyState state) => keys[(cell.IsOwner, cell.Tool, cell.Number, state)].Token;
        return cell.Key switch
        {
            KeyState.Unknown => KeyToken.Generate("test").Text,
            KeyState.WrongSecret => Minted(KeyState.Active)[..^1] + (Minted(KeyState.Active)[^1] == 'a' ? 'b' : 'a'),
            var state => Minted(state),
        };
    }

    private object Arguments(DecisionCell cell) => cell.Grant switch
    {
        GrantState.NoChannelNamed => new { },
        GrantState.UnknownChannel => new { channel = "no-such-channel" },
        var state => new { channel = channels[state].Id.ToString() },
    };

    private async Task ReadAuditAsync()
    {
        // One process writes its rows in the order in which they came, so after this row there is none missing.
        const string end = "the last of the decision table";
        await system.Mcp(null, end).CallAsync(Tool);
        await Eventually.TrueAsync(
            "the rows of the decision table",
            async () => await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE user_agent = $1", end) > 0);
        var rows = await system.QueryAsync<string[]>(
            "SELECT array_agg(user_agent || '|' || action ORDER BY id) FROM audit_log WHERE user_agent = ANY($1)", (object)answers.Keys.Select(cell => cell.Name).ToArray());
        actions = rows!.Select(row => row.Split('|')).ToLookup(row => row[0], row => row[1]);
    }
}
