using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Limits;

/// <summary>What is counted for one call.</summary>
/// <param name="Client">Whose call; what belongs to one client stays together in Redis.</param>
/// <param name="Subject">What the limit is on: a key, or a key's lists.</param>
/// <param name="Limit">Calls a minute.</param>
public sealed record CallBudget(ClientId Client, string Subject, int Limit)
{
    /// <summary>The counter's name in both stores; the braces keep a client's on one node of a cluster.</summary>
    public string Counter => $"rpm:{{{Client}}}:{Subject}";
}
