using Npgsql;
using NpgsqlTypes;

namespace WaMcp.Domain.Messages;

/// <summary>Writes down where many messages are on their way, in one statement. The caller has them locked.</summary>
public static class SaveMessages
{
    private const string Sql =
        """
        UPDATE messages SET state = row.state, provider_message_id = row.provider_message_id, error_code = row.error_code,
            error_text = row.error_text, sent_at = row.sent_at, failed_at = row.failed_at, unknown_at = row.unknown_at
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
            AS row (id, state, provider_message_id, error_code, error_text, sent_at, failed_at, unknown_at)
        WHERE messages.id = row.id
        """;

    /// <summary>Writes them, inside the connection's transaction.</summary>
    /// <remarks>
    /// Past the query filters, so row-level security alone keeps clients apart here: of another client's message no row is found, and the
    /// whole batch is refused.
    /// </remarks>
    public static async Task ExecuteAsync(NpgsqlConnection connection, IReadOnlyCollection<Message> messages, CancellationToken cancellationToken)
    {
        if (messages.Count == 0)
        {
            return;
        }

        await using var command = new NpgsqlCommand(Sql, connection);
        Add(NpgsqlDbType.Uuid, message => message.Id.Value);
        Add(NpgsqlDbType.Text, message => message.State.ToString());
        Add(NpgsqlDbType.Text, message => message.ProviderMessageId);
        Add(NpgsqlDbType.Text, message => message.ErrorCode);
        Add(NpgsqlDbType.Text, message => message.ErrorText);
        Add(NpgsqlDbType.TimestampTz, message => message.SentAt);
        Add(NpgsqlDbType.TimestampTz, message => message.FailedAt);
        Add(NpgsqlDbType.TimestampTz, message => message.UnknownAt);
        await command.PrepareAsync(cancellationToken);
        if (await command.ExecuteNonQueryAsync(cancellationToken) != messages.Count)
        {
            throw new InvalidOperationException("A message that was to be written down is not the scope's client's.");
        }

        void Add<T>(NpgsqlDbType type, Func<Message, T> column) =>
            command.Parameters.Add(new() { Value = messages.Select(column).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type });
    }
}
