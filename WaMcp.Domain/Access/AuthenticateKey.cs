using Npgsql;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Access;

/// <summary>From a token to everything the request path must know about its bearer: one round trip, one indexed lookup by prefix.</summary>
/// <remarks>
/// Fails closed: every way not to be authenticated gives the caller the same answer (HTTP 401), while the audit row
/// <c>auth_failed</c> says which it was. The hash is compared in constant time, and state is looked at only after it matched, so nobody
/// without the secret can learn whether a key exists, was revoked or has expired. Postgres is asked at every call: a disable, a revoke
/// or a grant change is in force on the next request of every replica.
/// </remarks>
/// <param name="database">As wa_app.</param>
/// <param name="pepper">Under which the tokens were hashed.</param>
/// <param name="clock">For expiry.</param>
public sealed class AuthenticateKey(NpgsqlDataSource database, Pepper pepper, TimeProvider clock)
{
    private const string KeySql =
        """
        SELECT key.id, key.client_id, key.hash, key.pepper_id, key.scopes, key.rpm_limit, key.daily_message_limit,
               key.expires_at, key.revoked_at, key.last_used_at, client.slug, client.is_owner, client.disabled_at
        FROM api_keys key JOIN clients client ON client.id = key.client_id
        WHERE key.prefix = $1
        """;

    private const string ChannelsSql =
        """
        SELECT channel.id, held.id, channel.name, channel.kind, channel.provider_id, channel.address, held.tools, held.daily_message_cap
        FROM grants held JOIN channels channel ON channel.id = held.channel_id
        WHERE held.revoked_at IS NULL AND held.client_id = 
        """;

    /// <summary>Checks the token.</summary>
    public async Task<KeyCheck> ExecuteAsync(KeyToken token, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new(KeySql) { Parameters = { new() { Value = token.Prefix } } });
        batch.BatchCommands.Add(new($"{ChannelsSql}(SELECT client_id FROM api_keys WHERE prefix = $1) ORDER BY channel.name")
        {
            Parameters = { new() { Value = token.Prefix } },
        });
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return KeyCheck.Refused("unknown_key");
        }

        var keyId = new ApiKeyId(reader.GetGuid(0));
        var clientId = new ClientId(reader.GetGuid(1));
        if (!pepper.Verify(token, reader.GetFieldValue<byte[]>(2), reader.GetString(3)))
        {
            return KeyCheck.Refused("wrong_secret", clientId, keyId);
        }

        if (Refusal(reader) is { } reason)
        {
            return KeyCheck.Refused(reason, clientId, keyId);
        }

        var isOwner = reader.GetBoolean(11);
        var lastUsedAt = reader.IsDBNull(9) ? DateTimeOffset.MinValue : reader.GetFieldValue<DateTimeOffset>(9);
        var context = new ClientContext(
            clientId,
            reader.GetString(10),
            keyId,
            new Scopes(reader.GetFieldValue<string[]>(4), isOwner),
            reader.GetInt32(5),
            reader.IsDBNull(6) ? null : reader.GetInt32(6),
            []);
        await reader.NextResultAsync(cancellationToken);
        return KeyCheck.Passed(context with { Channels = await ReadChannelsAsync(reader, cancellationToken) }, lastUsedAt);
    }

    /// <summary>Notes that the key was used, at most once a minute.</summary>
    /// <returns>Whether this was the first use in its minute.</returns>
    public async Task<bool> NoteUseAsync(ApiKeyId key, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < date_trunc('minute', $2::timestamptz))");
        command.Parameters.AddWithValue(key.Value);
        command.Parameters.AddWithValue(clock.GetUtcNow());
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private string? Refusal(NpgsqlDataReader reader) =>
        !reader.IsDBNull(12) ? "client_disabled"
        : !reader.IsDBNull(8) ? "key_revoked"
        : !reader.IsDBNull(7) && reader.GetFieldValue<DateTimeOffset>(7) <= clock.GetUtcNow() ? "key_expired"
        : null;

    private static async Task<IReadOnlyList<GrantedChannel>> ReadChannelsAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var channels = new List<GrantedChannel>();
        while (await reader.ReadAsync(cancellationToken))
        {
            channels.Add(new GrantedChannel(
                new ChannelId(reader.GetGuid(0)),
                new GrantId(reader.GetGuid(1)),
                reader.GetString(2),
                Enum.Parse<ChannelKind>(reader.GetString(3)),
                reader.GetString(4),
                reader.GetString(5),
                reader.GetFieldValue<string[]>(6),
                reader.IsDBNull(7) ? null : reader.GetInt32(7)));
        }

        return channels;
    }
}
