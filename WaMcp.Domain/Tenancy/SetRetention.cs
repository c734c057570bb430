using WaMcp.Domain.Audit;

namespace WaMcp.Domain.Tenancy;

/// <summary>Says how long the content of a client's messages is kept. The next daily run of the Worker goes by it.</summary>
/// <param name="find">Finds the client.</param>
/// <param name="change">Saves it with its audit row.</param>
public sealed class SetRetention(FindClient find, AuditedChange change)
{
    /// <summary>No shorter: raw deliveries of providers, which hold the same content, are kept for seven days.</summary>
    public const int FewestDays = 7;

    /// <summary>No longer: a hundred years.</summary>
    public const int MostDays = 36_500;

    /// <summary>Sets it.</summary>
    /// <param name="idOrSlug">Which client.</param>
    /// <param name="days">For how many days; null for as long as the Worker's setting says.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <exception cref="Fault"><c>not_found</c>, <c>invalid_input</c>.</exception>
    public async Task<Client> ExecuteAsync(string idOrSlug, int? days, CancellationToken cancellationToken)
    {
        if (days is < FewestDays or > MostDays)
        {
            throw Fault.Invalid(
                "days", $"must be {FewestDays} to {MostDays}.", "Raw deliveries of providers are kept for 7 days, so nothing shorter can be promised.");
        }

        var client = await find.ExecuteAsync(idOrSlug, cancellationToken);
        var before = client.RetentionDays;
        client.RetentionDays = days;
        await change.SaveAsync(
            change.Row(AuditAction.ClientRetentionSet) with { ClientId = client.Id },
            new() { ["days"] = days, ["before"] = before },
            [], // no right has changed
            cancellationToken);
        return client;
    }
}
