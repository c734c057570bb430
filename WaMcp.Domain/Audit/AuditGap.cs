using System.Text.Json.Nodes;

namespace WaMcp.Domain.Audit;

/// <summary>Counts rows that were lost, until the log itself can say so.</summary>
internal sealed class AuditGap
{
    private readonly Lock gate = new();
    private int rows;
    private DateTimeOffset from;
    private DateTimeOffset until;

    /// <summary>Adds lost rows.</summary>
    /// <returns>Whether they are the first since it was told.</returns>
    public bool Add(int lost, DateTimeOffset now)
    {
        lock (gate)
        {
            var isFirst = rows == 0;
            rows += lost;
            from = isFirst ? now : from;
            until = now;
            return isFirst;
        }
    }

    /// <summary>The row that tells of what was lost, and how many; null when nothing was. It is then told.</summary>
    public (AuditRecord Row, int Rows)? Take(DateTimeOffset now, Guid writer)
    {
        lock (gate)
        {
            if (rows == 0)
            {
                return null;
            }

            var facts = new JsonObject { ["rows"] = rows, ["from"] = from, ["until"] = until, ["writer"] = writer };
            var told = (new AuditRecord { Action = AuditAction.AuditGap, Ts = now, Metadata = facts.ToJsonString() }, rows);
            rows = 0;
            return told;
        }
    }
}
