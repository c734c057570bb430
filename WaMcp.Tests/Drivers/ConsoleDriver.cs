using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using StackExchange.Redis;
using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Data;
using WaMcp.Domain.Duties;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Tests.Drivers;

/// <summary>What an operator does at the console, through the same verbs; the console itself has tests of its own.</summary>
internal sealed class ConsoleDriver
{
    /// <summary>The sandbox's first number.</summary>
    public const string SupportNumber = "100000000000001";

    /// <summary>The sandbox's second number.</summary>
    public const string SalesNumber = "100000000000002";

    public static readonly string[] AllTools = [.. ToolNames.All];

    private readonly ServiceProvider services;

    private readonly List<Guid> kept = [];
    private DateTimeOffset ended = DateTimeOffset.MinValue;

    /// <summary>Clients that were made until now lose their grants when another is made: their test is over, and they would get every message of the others.</summary>
    public void Forget() => ended = DateTimeOffset.UtcNow;

    /// <summary>Not so a client that several tests use.</summary>
    public void Keep(TestClient client) => kept.Add(client.Client.Id.Value);

    public ConsoleDriver(string connectionString, string redis)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(Infrastructure.TestSecrets.Settings).Build();
        services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddSingleton(NpgsqlDataSource.Create(connectionString))
            .AddSingleton<IConnectionMultiplexer>(_ => ConnectionMultiplexer.Connect($"abortConnect=false,connectTimeout=1000,{redis}"))
            .AddDbContext<WaMcpDbContext>((provider, options) => options.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>()))
            .AddWaMcpDomain()
            .AddOperatorVerbs(new Operator("tests", "req_tests"))
            .BuildServiceProvider();
    }

    public async Task<T> RunAsync<TVerb, T>(Func<TVerb, Task<T>> run)
        where TVerb : notnull
    {
        await using var scope = services.CreateAsyncScope();
        return await run(scope.ServiceProvider.GetRequiredService<TVerb>());
    }

    public Task<Client> ClientAsync(bool isOwner = false) => RunAsync((CreateClient verb) =>
        verb.ExecuteAsync($"client-{Guid.NewGuid().ToString("N")[..12]}", "A test client", isOwner, default));

    /// <summary>The channel over one of the sandbox's numbers; made at first use.</summary>
    public async Task<Channel> ChannelAsync(string phoneNumberId = SupportNumber)
    {
        try
        {
            return await RunAsync((FindChannel verb) => verb.ExecuteAsync(phoneNumberId, default));
        }
        catch (Fault fault) when (fault.Code == FaultCode.NotFound)
        {
            return await RunAsync((AddChannel verb) => verb.ExecuteAsync(
                new AddChannel.WhatsAppNumber($"number-{phoneNumberId}", phoneNumberId, "200000000000001", "+1 555 010 0001"), default));
        }
    }

    public Task<Grant> GrantAsync(Client client, Channel channel, string[]? tools = null, int? dailyCap = null) =>
        RunAsync((AddGrant verb) => verb.ExecuteAsync(client.Slug, channel.Name, tools ?? AllTools, dailyCap, default));

    public Task<Grant> RevokeGrantAsync(Client client, Channel channel) =>
        RunAsync((RevokeGrant verb) => verb.ExecuteAsync(client.Slug, channel.Name, default));

    public Task<Client> EnableAsync(Client client, bool enabled) =>
        RunAsync((EnableClient verb) => verb.ExecuteAsync(client.Slug, enabled, default));

    public Task<RotateKey.Rotation> RotateAsync(ApiKey key, TimeSpan? grace = null) =>
        RunAsync((RotateKey verb) => verb.ExecuteAsync(key.Id.ToString(), grace ?? RotateKey.DefaultGrace, default));

    public Task<Client> RetentionAsync(Client client, int? days) =>
        RunAsync((SetRetention verb) => verb.ExecuteAsync(client.Slug, days, default));

    public Task<EraseContact.Erasure> EraseAsync(TestClient client, string person) => RunAsync(async (EraseContact verb) =>
        await verb.ExecuteAsync(await verb.FindAsync(client.Client.Slug, person, client.Channel.Name, default), default));

    /// <summary>Has a daily duty done now.</summary>
    public async Task<Duty> RunDutyAsync(string name)
    {
        await Infrastructure.Eventually.TrueAsync("a Worker has noted its duties", () => RunAsync((WaMcpDbContext context) => context.Duties.AnyAsync()));
        return await RunAsync((RequestDuty verb) => verb.ExecuteAsync(name, default));
    }

    public Task<ApiKey> RevokeAsync(ApiKey key) => RunAsync((RevokeKey verb) => verb.ExecuteAsync(key.Id.ToString(), default));

    public async Task<(ApiKey Key, string Token)> MintAsync(
        Client client, string[] scopes, int rpm = 1_000, int? daily = null, TimeSpan? expires = null)
    {
        var (key, token) = await RunAsync((MintKey verb) =>
            verb.ExecuteAsync(new MintKey.Order(client.Slug, "test", scopes, Rpm: rpm, Daily: daily, Expires: expires), default));
        return (key, token.Text);
    }

    /// <summary>A client with everything on one of the sandbox's numbers.</summary>
    public async Task<TestClient> OnboardAsync(
        string phoneNumberId = SupportNumber, string[]? tools = null, int? dailyCap = null, int rpm = 1_000, int? daily = null)
    {
        await ForgetAsync();
        var client = await ClientAsync();
        var channel = await ChannelAsync(phoneNumberId);
        await GrantAsync(client, channel, tools, dailyCap);
        string[] scopes = [.. (tools ?? AllTools).Select(tool => $"tools:{tool}"), $"numbers:{channel.Id}"];
        var (key, token) = await MintAsync(client, scopes, rpm, daily);
        return new TestClient(client, channel, key, token);
    }

    private async Task ForgetAsync()
    {
        if (ended > DateTimeOffset.MinValue)
        {
            await using var command = services.GetRequiredService<NpgsqlDataSource>()
                .CreateCommand("UPDATE grants SET revoked_at = now() WHERE revoked_at IS NULL AND created_at < $1 AND client_id <> ALL ($2)");
            command.Parameters.AddWithValue(ended);
            command.Parameters.AddWithValue(kept.ToArray());
            await command.ExecuteNonQueryAsync();
        }
    }
}

/// <summary>A client that is ready to call.</summary>
internal sealed record TestClient(Client Client, Channel Channel, ApiKey Key, string Token);
