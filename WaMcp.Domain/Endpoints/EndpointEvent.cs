using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Endpoints;

/// <summary>Something that happened and that endpoints are told: its type, and after a colon what else names it among those of one message.</summary>
/// <remarks>The triggers of 0010_endpoints.sql write the same words into jobs.</remarks>
/// <param name="Type">One of the types.</param>
/// <param name="Detail">Of a status, which; of an edit, when (Unix milliseconds).</param>
public sealed record EndpointEvent(string Type, string? Detail)
{
    /// <summary>A contact wrote.</summary>
    public const string MessageReceived = "message.received";

    /// <summary>A contact changed what they had written.</summary>
    public const string MessageEdited = "message.edited";

    /// <summary>A contact took back what they had written.</summary>
    public const string MessageRevoked = "message.revoked";

    /// <summary>A message of the client was sent, delivered, read, or failed.</summary>
    public const string MessageStatus = "message.status";

    /// <summary>An operator tries the endpoint; sent whatever it wants.</summary>
    public const string EndpointTest = "endpoint.test";

    /// <summary>What an endpoint can want.</summary>
    public static IReadOnlyList<string> Types { get; } = [MessageReceived, MessageEdited, MessageRevoked, MessageStatus];

    /// <summary>Reads what a job holds.</summary>
    public static EndpointEvent Parse(string text) =>
        text.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0 ? new(text[..colon], text[(colon + 1)..]) : new(text, null);

    /// <summary>Of an edit, when it was made.</summary>
    public DateTimeOffset EditedAt => DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(Detail!, CultureInfo.InvariantCulture));

    /// <summary>As jobs hold it.</summary>
    public override string ToString() => Detail is null ? Type : $"{Type}:{Detail}";

    /// <summary>The <c>webhook-id</c>: the same for every attempt and every replay of one event at one endpoint, and for nothing else.</summary>
    /// <param name="endpoint">Where it is told.</param>
    /// <param name="subject">The message that it is about.</param>
    public string IdAt(EndpointId endpoint, Guid subject)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{endpoint} {subject:N} {this}"), digest);
        return new NoticeId(new Guid(digest[..16], bigEndian: true)).ToString();
    }

    private readonly record struct NoticeId(Guid Value) : ITypedId<NoticeId>
    {
        public static string Prefix => "ntc";

        public static NoticeId From(Guid value) => new(value);

        public override string ToString() => TypedId.Format(this);
    }
}
