using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Access;

/// <summary>
/// Puts a new key in the place of another: same client, label, scopes, limits and lifetime. Both work until the grace is over. The token
/// leaves this verb once, in its result, and is nowhere else.
/// </summary>
/// <param name="context">The database.</param>
/// <param name="find">Finds the key.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="hashing">Hashes the new token.</param>
/// <param name="clock">Stamps it.</param>
public sealed class RotateKey(WaMcpDbContext context, FindKey find, AuditedChange change, HashNewKey hashing, TimeProvider clock)
{
    /// <summary>How long the old key works, unless the operator says otherwise.</summary>
    public static readonly TimeSpan DefaultGrace = TimeSpan.FromDays(7);

    private static readonly TimeSpan LongestGrace = TimeSpan.FromDays(30);

    /// <summary>What a rotation left behind.</summary>
    /// <param name="Old">The key that was replaced; it ends with its grace.</param>
    /// <param name="New">The key in its place.</param>
    /// <param name="Token">The new key's token.</param>
    public sealed record Rotation(ApiKey Old, ApiKey New, KeyToken Token);

    /// <summary>Rotates it.</summary>
    /// <param name="idOrPrefix">The key's id or its public prefix.</param>
    /// <param name="grace">How long the old key works on; zero ends it at once.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <exception cref="Fault"><c>not_found</c>, <c>invalid_input</c>; <c>conflict</c> for a key that has ended or was rotated before; <c>misconfigured</c>.</exception>
    public async Task<Rotation> ExecuteAsync(string idOrPrefix, TimeSpan grace, CancellationToken cancellationToken)
    {
        if (grace < TimeSpan.Zero || grace > LongestGrace)
        {
            throw Fault.Invalid("grace", "must be 0 to 30 days.", "For example 7d; 0d ends the old key at once.");
        }

        var old = await find.ExecuteAsync(idOrPrefix, cancellationToken);
        var now = clock.GetUtcNow();
        await RequireLivingAsync(old, now, cancellationToken);
        var token = KeyToken.Generate(old.Environment);
        var (hash, pepperId) = await hashing.ExecuteAsync(token, cancellationToken);
        var added = new ApiKey
        {
            Id = TypedId.New<ApiKeyId>(),
            ClientId = old.ClientId,
            Environment = old.Environment,
            Label = old.Label,
            Prefix = token.Prefix,
            Hash = hash,
            PepperId = pepperId,
            Scopes = old.Scopes,
            RpmLimit = old.RpmLimit,
            DailyMessageLimit = old.DailyMessageLimit,
            ExpiresAt = now + (old.ExpiresAt - old.CreatedAt),
            CreatedAt = now,
        };
        var ends = now + grace;
        context.ApiKeys.Add(added);
        old.ReplacedBy = added.Id;
        old.ExpiresAt = old.ExpiresAt < ends ? old.ExpiresAt : ends;
        old.RevokedAt = grace == TimeSpan.Zero ? now : null; // over by every server's clock
        await change.SaveAsync(
            change.Row(AuditAction.KeyRotated) with { ClientId = old.ClientId, ApiKeyId = old.Id },
            new() { ["replacedBy"] = added.Id.ToString(), ["oldEndsAt"] = old.ExpiresAt, ["newEndsAt"] = added.ExpiresAt },
            cancellationToken);
        return new(old, added, token);
    }

    private async Task RequireLivingAsync(ApiKey key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (key.ReplacedBy is { } successor)
        {
            var prefix = await context.ApiKeys.Where(candidate => candidate.Id == successor).Select(candidate => candidate.Prefix).SingleAsync(cancellationToken);
            throw new Fault(FaultCode.Conflict, "This key was rotated already.", $"Rotate the key that took its place, {prefix}.");
        }

        if (key.RevokedAt is not null || key.ExpiresAt <= now)
        {
            throw new Fault(
                FaultCode.Conflict, $"This key {(key.RevokedAt is not null ? "was revoked" : "has expired")}.", "Mint another with `admin keys mint`.");
        }
    }
}
