using Npgsql;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Limits;

namespace WaMcp.Worker.Deliveries;

/// <summary>A daily cap that a message counts under.</summary>
/// <param name="Subject">Whose count.</param>
/// <param name="Cap">How many in 24 hours.</param>
/// <param name="Whose">In words.</param>
internal sealed record SendingCap(string Subject, int Cap, string Whose);

/// <summary>
/// The daily caps of keys and grants for a batch: each message takes a place under all of its caps or under none, and when there are fewer
/// places than messages, those that were asked for first get them.
/// </summary>
internal sealed class SendingCaps
{
    private readonly Dictionary<string, long> used;
    private readonly Dictionary<string, int> taken = [];

    private SendingCaps(IReadOnlyDictionary<string, long> used)
    {
        this.used = new(used);
    }

    /// <summary>Locks the counts of these caps until the connection's transaction ends.</summary>
    public static async Task<SendingCaps> LockAsync(
        NpgsqlConnection connection, IEnumerable<SendingCap> caps, DateTimeOffset now, CancellationToken cancellationToken)
    {
        string[] subjects = [.. caps.Select(cap => cap.Subject).Distinct()];
        return new(subjects.Length == 0 ? new Dictionary<string, long>() : await DailyCap.LockAsync(connection, subjects, now, cancellationToken));
    }

    /// <summary>Takes a place under each cap.</summary>
    /// <returns>Why not, when one is used up.</returns>
    public SendOutcome.Refused? Take(IReadOnlyList<SendingCap> caps)
    {
        if (caps.FirstOrDefault(cap => used[cap.Subject] >= cap.Cap) is { } full)
        {
            return new("daily_cap", $"The daily cap of {full.Whose}, {full.Cap} messages in 24 hours, is used up.");
        }

        foreach (var cap in caps)
        {
            used[cap.Subject]++;
            taken[cap.Subject] = taken.GetValueOrDefault(cap.Subject) + 1;
        }

        return null;
    }

    /// <summary>Writes down what was taken.</summary>
    public async Task WriteAsync(NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (taken.Count > 0)
        {
            await DailyCap.TakeAsync(connection, taken, now, cancellationToken);
        }
    }
}
