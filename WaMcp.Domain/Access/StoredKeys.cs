using Npgsql;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Access;

/// <summary>Reads keys for the request path: one round trip, one indexed lookup by prefix.</summary>
/// <param name="database">As wa_app.</param>
public sealed class StoredKeys(NpgsqlDataSource database)
{
    private const string KeySql =
        """
        SELECT key.id, key.client_id, client.slug, key.scopes, client.is_owner, key.rpm_limit, key.daily_message_limit, key.hash, key.pepper_id,
               pepper.accepted_until, client.disabled_at IS NOT NULL, key.revoked_at IS NOT NULL, key.expires_at, key.last_used_at
        FROM api_keys key JOIN clients client ON client.id = key.client_id
        LEFT JOIN retired_peppers pepper ON pepper.id = key.pepper_id
        WHERE key.prefix = $1
        """;

    private const string ChannelsSql =
        """
        SELECT channel.id, held.id, channel.name, channel.kind, channel.provider_id, channel.address, held.tools, held.daily_message_cap
        FROM grants held JOIN channels channel ON channel.id = held.channel_id
        WHERE held.revoked_at IS NULL AND held.client_id = (SELECT client_id FROM api_keys WHERE prefix = $1)
        ORDER BY channel.name
        """;

    /// <summary>The key with this public prefix; null when there is none.</summary>
    public async Task<StoredKey?> FindAsync(string prefix, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new(KeySql) { Parameters = { new() { Value = prefix } } });
        batch.BatchCommands.Add(new(ChannelsSql) { Parameters = { new() { Value = prefix } } });
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        var key = new StoredKey(
            new ClientContext(
                new ClientId(reader.GetGuid(1)),
                reader.GetString(2),
                new ApiKeyId(reader.GetGuid(0)),
                new Scopes(reader.GetFieldValue<string[]>(3), isOwner: reader.GetBoolean(4)),
                reader.GetInt32(5),
                Value<int>(reader, 6),
                []),
            reader.GetFieldValue<byte[]>(7),
            reader.GetString(8),
            Value<DateTimeOffset>(reader, 9),
            reader.GetBoolean(10),
            reader.GetBoolean(11),
            Value<DateTimeOffset>(reader, 12),
            Value<DateTimeOffset>(reader, 13));
        await reader.NextResultAsync(cancellationToken);
        return key with { Context = key.Context with { Channels = await ReadChannelsAsync(reader, cancellationToken) } };
    }

    /// <summary>Notes that the key was used, at most once a minute.</summary>
    /// <returns>Whether this was the first use in its minute, over all replicas.</returns>
    public async Task<bool> NoteUseAsync(ApiKeyId key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < date_trunc('minute', $2::timestamptz))");
        command.Parameters.AddWithValue(key.Value);
        command.Parameters.AddWithValue(now);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Replaces the hash of a key that was recognised under a retired pepper, while that is accepted and the new one is not retired itself.</summary>
    /// <returns>Whether it was replaced.</returns>
    public async Task<bool> RehashAsync(StoredKey key, byte[] hash, string pepperId, CancellationToken cancellationToken)
    {
        // By the database's word at this moment: what was read may be older than a rotation that ended the old pepper.
        await using var command = database.CreateCommand(
            """
            UPDATE api_keys SET hash = $2, pepper_id = $3
            WHERE id = $1 AND pepper_id = $4 AND NOT EXISTS (SELECT FROM retired_peppers WHERE id = $3)
                AND EXISTS (SELECT FROM retired_peppers WHERE id = $4 AND accepted_until > now())
            """);
        command.Parameters.AddWithValue(key.Id.Value);
        command.Parameters.AddWithValue(hash);
        command.Parameters.AddWithValue(pepperId);
        command.Parameters.AddWithValue(key.PepperId);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

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
                Value<int>(reader, 7)));
        }

        return channels;
    }

    private static T? Value<T>(NpgsqlDataReader reader, int column)
        where T : struct => reader.IsDBNull(column) ? null : reader.GetFieldValue<T>(column);
}
