using System.Text.Json;
using WaMcp.Admin.Output;
using WaMcp.Domain.Duties;

namespace WaMcp.Admin.Retention;

/// <summary>A daily duty as the console shows it.</summary>
internal sealed record DutyRow(
    string Name, string State, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, DateTimeOffset DueAt, Dictionary<string, long>? Counts, string? Error)
    : IRow<DutyRow>
{
    public static IReadOnlyList<Column<DutyRow>> Columns { get; } =
    [
        new("duty", row => row.Name),
        new("state", row => row.State),
        new("began", row => PlainText.Time(row.StartedAt)),
        new("ended", row => PlainText.Time(row.EndedAt)),
        new("next", row => PlainText.Time(row.DueAt)),
        new("result", row => row.Error ?? (row.Counts is { } counts ? string.Join(", ", counts.Select(count => $"{count.Value} {count.Key}")) : null)),
    ];

    public static DutyRow Of(Duty duty) => new(
        duty.Name,
        duty.IsUnderWay ? "running" : duty.EndedAt is null ? "never ran" : duty.Error is null ? "done" : "failed",
        duty.StartedAt,
        duty.EndedAt,
        duty.DueAt,
        duty.Counts is { } counts ? JsonSerializer.Deserialize(counts, AdminJson.Default.DictionaryStringInt64) : null,
        duty.Error);
}
