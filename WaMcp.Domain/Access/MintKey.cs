using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Access;

/// <summary>Mints an API key. The token leaves this verb once, in its result, and is nowhere else.</summary>
/// <param name="context">The database.</param>
/// <param name="clients">Finds the client.</param>
/// <param name="channels">Turns channel names in scopes into ids.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="hashing">Under which the token is hashed.</param>
/// <param name="clock">Stamps it.</param>
public sealed class MintKey(
    WaMcpDbContext context, FindClient clients, FindChannel channels, AuditedChange change, HashNewKey hashing, TimeProvider clock)
{
    /// <summary>What an operator says about a key.</summary>
    /// <param name="Client">Id or slug.</param>
    /// <param name="Label">What to call it.</param>
    /// <param name="Scopes">As typed; channels by id, name or phone number id.</param>
    /// <param name="Environment"><c>live</c> or <c>test</c>.</param>
    /// <param name="Expires">After which time it stops.</param>
    /// <param name="Rpm">Tool calls a minute.</param>
    /// <param name="Daily">Messages in 24 hours.</param>
    public sealed record Order(
        string Client,
        string Label,
        IReadOnlyCollection<string> Scopes,
        string Environment = "live",
        TimeSpan? Expires = null,
        int Rpm = 60,
        int? Daily = null);

    /// <summary>Mints the key.</summary>
    /// <returns>What was stored, and the token.</returns>
    /// <exception cref="Fault"><c>not_found</c>; <c>invalid_input</c>, also for a wildcard scope of somebody who is not the owner; <c>misconfigured</c>.</exception>
    public async Task<(ApiKey Key, KeyToken Token)> ExecuteAsync(Order order, CancellationToken cancellationToken)
    {
        Require(order);
        var client = await clients.ExecuteAsync(order.Client, cancellationToken);
        var scopes = new List<string>();
        foreach (var scope in order.Scopes)
        {
            scopes.Add(await CanonicalAsync(scope, client.IsOwner, cancellationToken));
        }

        var token = KeyToken.Generate(order.Environment);
        var (hash, pepperId) = await hashing.ExecuteAsync(token, cancellationToken);
        var now = clock.GetUtcNow();
        var key = new ApiKey
        {
            Id = TypedId.New<ApiKeyId>(),
            ClientId = client.Id,
            Environment = order.Environment,
            Label = order.Label.Trim(),
            Prefix = token.Prefix,
            Hash = hash,
            PepperId = pepperId,
            Scopes = [.. scopes.Distinct()],
            RpmLimit = order.Rpm,
            DailyMessageLimit = order.Daily,
            ExpiresAt = now + order.Expires,
            CreatedAt = now,
        };
        context.ApiKeys.Add(key);
        await change.SaveAsync(
            change.Row(AuditAction.KeyMinted) with { ClientId = client.Id, ApiKeyId = key.Id },
            new()
            {
                ["scopes"] = string.Join(',', key.Scopes),
                ["rpm"] = key.RpmLimit,
                ["daily"] = key.DailyMessageLimit,
                ["endsAt"] = key.ExpiresAt,
            },
            [],
            cancellationToken);
        return (key, token);
    }

    private static void Require(Order order)
    {
        if (string.IsNullOrWhiteSpace(order.Label) || order.Label.Length > 200)
        {
            throw Fault.Invalid("label", "must be 1 to 200 characters.");
        }

        if (order.Scopes.Count == 0)
        {
            throw Fault.Invalid("scopes", "name at least one scope.", "For example tools:send_message,numbers:support.");
        }

        if (!KeyToken.IsEnvironment(order.Environment))
        {
            throw Fault.Invalid("env", $"'{order.Environment}' is neither live nor test.");
        }

        if (order.Rpm is < 1 or > 100_000)
        {
            throw Fault.Invalid("rpm", "must be 1 to 100000 calls a minute.");
        }

        if (order.Daily is < 0)
        {
            throw Fault.Invalid("daily", "must be 0 or more messages.");
        }

        if (order.Expires is { } expires && expires <= TimeSpan.Zero)
        {
            throw Fault.Invalid("expires", "must lie in the future.", "For example 90d.");
        }
    }

    private async Task<string> CanonicalAsync(string scope, bool isOwner, CancellationToken cancellationToken)
    {
        var (kind, name) = Access.Scopes.Parse(scope, isOwner);
        if (name == "*")
        {
            return scope;
        }

        if (kind == "numbers")
        {
            return $"numbers:{(await channels.ExecuteAsync(name, cancellationToken)).Id}";
        }

        ToolNames.Require("scopes", [name]);
        return scope;
    }
}
