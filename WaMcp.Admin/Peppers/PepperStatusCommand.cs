using System.Globalization;
using Microsoft.EntityFrameworkCore;
using WaMcp.Admin.CommandLine;
using WaMcp.Admin.Keys;
using WaMcp.Admin.Output;
using WaMcp.Domain.Access;
using WaMcp.Domain.Data;

namespace WaMcp.Admin.Peppers;

/// <summary><c>admin pepper status</c>.</summary>
internal sealed class PepperStatusCommand() : ConsoleCommand(
    "status",
    "Show which pepper is current, until when an old one is accepted, and which keys still depend on it.",
    "admin pepper status",
    "admin pepper status --output json | jq -r '.waiting[].client' | sort -u")
{
    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var status = await ReadAsync(run, cancellationToken);
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        text.WriteLine($"{status.Current}  current{(status.CurrentIsRetired ? " here, but rotated away: this machine has an old file" : "")}  {status.KeysOnCurrent} keys");
        foreach (var other in status.Others)
        {
            var until = other.State == "accepted" ? $" until {PlainText.Time(other.AcceptedUntil)}" : "";
            text.WriteLine($"{other.Id}  {other.State}{until}  {other.Keys} keys");
        }

        if (status.Waiting.Count > 0)
        {
            text.WriteLine();
            text.WriteLine("Not on the current pepper yet; each moves over when it is used:");
            Table.Write(text, status.Waiting.ToArray());
        }

        run.Report.Show(status, text.ToString().TrimEnd());
    }

    private static async Task<PepperStatus> ReadAsync(Invocation run, CancellationToken cancellationToken)
    {
        var pepper = run.Get<Pepper>();
        var now = run.Get<TimeProvider>().GetUtcNow();
        var retired = await run.Get<WaMcpDbContext>().RetiredPeppers.AsNoTracking().ToDictionaryAsync(each => each.Id, cancellationToken);
        var living = await KeyRows.ReadLivingAsync(run, cancellationToken);
        var keys = living.ToLookup(each => each.PepperId);
        var others = new[] { pepper.PreviousId, pepper.NextId }.OfType<string>().Concat(keys.Select(group => group.Key))
            .Where(id => id != pepper.CurrentId).Distinct()
            .Select(id => new PepperStatus.Other(id, State(pepper, id, retired.GetValueOrDefault(id), now), retired.GetValueOrDefault(id)?.AcceptedUntil, keys[id].Count()));
        return new(
            pepper.CurrentId,
            retired.ContainsKey(pepper.CurrentId),
            keys[pepper.CurrentId].Count(),
            [.. others],
            [.. living.Where(each => each.PepperId != pepper.CurrentId && !(retired.GetValueOrDefault(each.PepperId)?.AcceptedUntil <= now)).Select(each => each.Row)]);
    }

    private static string State(Pepper pepper, string id, RetiredPepper? retired, DateTimeOffset now) =>
        retired?.AcceptedUntil <= now ? "ended"
        : !pepper.Knows(id) ? "missing"
        : retired is not null ? "accepted"
        : id == pepper.NextId ? "next"
        : "unrecorded";
}
