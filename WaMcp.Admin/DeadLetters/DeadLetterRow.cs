using WaMcp.Admin.Output;
using WaMcp.Domain.Inbox;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Messages;

namespace WaMcp.Admin.DeadLetters;

/// <summary>A job that was given up, as the console shows it.</summary>
internal sealed record DeadLetterRow(
    string Id,
    string Kind,
    string? ClientId,
    string? ChannelId,
    string Subject,
    int Attempts,
    string? LastError,
    DateTimeOffset CreatedAt,
    DateTimeOffset? DeadAt)
    : IRow<DeadLetterRow>
{
    public static IReadOnlyList<Column<DeadLetterRow>> Columns { get; } =
    [
        new("id", row => row.Id),
        new("kind", row => row.Kind),
        new("client", row => row.ClientId),
        new("channel", row => row.ChannelId),
        new("about", row => row.Subject),
        new("attempts", row => PlainText.Number(row.Attempts)),
        new("created", row => PlainText.Time(row.CreatedAt)),
        new("given up", row => PlainText.Time(row.DeadAt)),
        new("last error", row => row.LastError is { } error ? PlainText.Line(error) : null),
    ];

    public static DeadLetterRow Of(Job job) => new(
        job.Id.ToString(),
        job.Kind.ToString().ToLowerInvariant(),
        job.ClientId?.ToString(),
        job.ChannelId?.ToString(),
        job.Kind is JobKind.Deliver or JobKind.Notify or JobKind.FetchMedia ? new MessageId(job.SubjectId).ToString() : new WebhookEventId(job.SubjectId).ToString(),
        job.Attempts,
        job.LastError,
        job.CreatedAt,
        job.DeadAt);
}
