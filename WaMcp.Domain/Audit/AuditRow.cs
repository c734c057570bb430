using System.Text;
using System.Text.Json;
using Npgsql;

namespace WaMcp.Domain.Audit;

/// <summary>A row of <c>audit_log</c> as it is stored: what digests are made of, what is archived, and what operators read.</summary>
public sealed record AuditRow
{
    /// <summary>The columns, in the order in which <see cref="Read"/> wants them.</summary>
    public const string Columns =
        "id, ts, action, client_id, api_key_id, request_id, tool_name, channel_id, provider_message_id, payload_hash, error_code, "
        + "latency_ms, ip, user_agent, metadata";

    /// <summary>Bytes of a digest.</summary>
    public const int DigestLength = 32;

    private const byte FormVersion = 1;

    [ThreadStatic]
    private static CanonicalForm? form;

    /// <summary>Given by Postgres. Ids are in the order of writing within a batch, and only there.</summary>
    public long Id { get; init; }

    /// <summary>When, in microseconds since 2000-01-01 UTC, as Postgres counts.</summary>
    public required long Ts { get; init; }

    /// <summary>A word of <see cref="AuditAction"/>.</summary>
    public required string Action { get; init; }

    /// <inheritdoc cref="AuditRecord.ClientId"/>
    public Guid? ClientId { get; init; }

    /// <inheritdoc cref="AuditRecord.ApiKeyId"/>
    public Guid? ApiKeyId { get; init; }

    /// <inheritdoc cref="AuditRecord.RequestId"/>
    public string? RequestId { get; init; }

    /// <inheritdoc cref="AuditRecord.ToolName"/>
    public string? ToolName { get; init; }

    /// <inheritdoc cref="AuditRecord.ChannelId"/>
    public Guid? ChannelId { get; init; }

    /// <summary>SHA-256 of the provider's id of the message, hex.</summary>
    public string? ProviderMessageId { get; init; }

    /// <inheritdoc cref="AuditRecord.PayloadHash"/>
    public string? PayloadHash { get; init; }

    /// <inheritdoc cref="AuditRecord.ErrorCode"/>
    public string? ErrorCode { get; init; }

    /// <inheritdoc cref="AuditRecord.LatencyMs"/>
    public double? LatencyMs { get; init; }

    /// <inheritdoc cref="AuditRecord.Ip"/>
    public string? Ip { get; init; }

    /// <inheritdoc cref="AuditRecord.UserAgent"/>
    public string? UserAgent { get; init; }

    /// <summary>A small JSON object, in any of the ways to write it.</summary>
    public string? Metadata { get; init; }

    /// <summary>What is stored of a record: every text short and clean, the time to the microsecond. It has no id yet.</summary>
    public static AuditRow Of(AuditRecord record) => new()
    {
        Ts = AuditTime.Of(record.Ts),
        Action = record.Action,
        ClientId = record.ClientId?.Value,
        ApiKeyId = record.ApiKeyId?.Value,
        RequestId = AuditText.Kept(record.RequestId),
        ToolName = AuditText.Kept(record.ToolName),
        ChannelId = record.ChannelId?.Value,
        ProviderMessageId = AuditText.Fingerprint(record.ProviderMessageId),
        PayloadHash = AuditText.Kept(record.PayloadHash),
        ErrorCode = AuditText.Kept(record.ErrorCode),
        LatencyMs = record.LatencyMs is { } latency && double.IsFinite(latency) ? latency : null, // JSON, and so the archive, knows no others
        Ip = AuditText.Kept(record.Ip),
        UserAgent = AuditText.OfCaller(record.UserAgent),
        Metadata = record.Metadata is { } metadata ? Access.KeyToken.Masked(metadata) : null,
    };

    /// <summary>The row that a reader over <see cref="Columns"/> stands on.</summary>
    public static AuditRow Read(NpgsqlDataReader reader) => new()
    {
        Id = reader.GetInt64(0),
        Ts = reader.GetFieldValue<long>(1),
        Action = reader.GetString(2),
        ClientId = Uuid(reader, 3),
        ApiKeyId = Uuid(reader, 4),
        RequestId = Text(reader, 5),
        ToolName = Text(reader, 6),
        ChannelId = Uuid(reader, 7),
        ProviderMessageId = Text(reader, 8),
        PayloadHash = Text(reader, 9),
        ErrorCode = Text(reader, 10),
        LatencyMs = reader.IsDBNull(11) ? null : reader.GetDouble(11),
        Ip = Text(reader, 12),
        UserAgent = Text(reader, 13),
        Metadata = Text(reader, 14),
    };

    /// <summary>
    /// SHA-256 of the row's canonical form: a version byte, then every column but the id, in order, each as its length (-1 for null) and its
    /// bytes; the time in microseconds, the latency by its bits, metadata in its RFC 8785 form, because jsonb does not keep its text.
    /// </summary>
    public byte[] Digest() => (form ??= new())
        .Begin(FormVersion)
        .Put(Ts)
        .Put(Action)
        .Put(ClientId)
        .Put(ApiKeyId)
        .Put(RequestId)
        .Put(ToolName)
        .Put(ChannelId)
        .Put(ProviderMessageId)
        .Put(PayloadHash)
        .Put(ErrorCode)
        .Put(LatencyMs)
        .Put(Ip)
        .Put(UserAgent)
        .Put(CanonicalMetadata())
        .Digest();

    private string? CanonicalMetadata()
    {
        if (Metadata is null)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(Metadata);
            return Encoding.UTF8.GetString(CanonicalJson.Of(document.RootElement));
        }
        catch (Exception exception) when (exception is Fault or JsonException)
        {
            return Metadata; // no program of ours wrote that; its digest is whatever it is
        }
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static Guid? Uuid(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);
}
