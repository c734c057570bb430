using System.Globalization;

namespace WaMcp.Domain.Messages;

/// <summary>Which transactions a reader saw, as Postgres tells it (https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT).</summary>
/// <param name="Lowest">All before this one had ended.</param>
/// <param name="Next">None from this one on had begun.</param>
/// <param name="Running">Those in between that had not ended, in order.</param>
public sealed record TransactionSnapshot(ulong Lowest, ulong Next, IReadOnlyList<ulong> Running)
{
    /// <summary>Of somebody who saw nothing at all; 3 is the first number that Postgres gives out.</summary>
    public static readonly TransactionSnapshot Nothing = new(3, 3, []);

    /// <summary>Reads Postgres's text of it.</summary>
    public static TransactionSnapshot Parse(string text)
    {
        var parts = text.Split(':');
        return new TransactionSnapshot(
            Number(parts[0]), Number(parts[1]), [.. parts[2].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Number)]);
    }

    /// <summary>Postgres's text of it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Lowest}:{Next}:{string.Join(',', Running)}");

    private static ulong Number(string text) => ulong.Parse(text, CultureInfo.InvariantCulture);
}
