using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Endpoints;

/// <summary>Gives an endpoint a new secret; the one before signs as well for a while, so that the receiver misses nothing.</summary>
/// <remarks>Audited as <c>endpoint_secret_rotated</c>, without any secret.</remarks>
/// <param name="find">Finds it.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="box">Seals the secret.</param>
/// <param name="clock">Says until when.</param>
public sealed class RotateEndpointSecret(FindEndpoint find, AuditedChange change, SecretBox box, TimeProvider clock)
{
    /// <summary>How long both sign, unless told.</summary>
    public static readonly TimeSpan DefaultGrace = TimeSpan.FromHours(24);

    /// <summary>How long both may sign at most.</summary>
    public static readonly TimeSpan LongestGrace = TimeSpan.FromDays(30);

    /// <summary>Rotates it. Of two rotations within the grace, the secret before the first signs no longer.</summary>
    /// <exception cref="Fault"><c>not_found</c>, <c>invalid_input</c>.</exception>
    public async Task<(Endpoint Endpoint, EndpointSecret Secret)> ExecuteAsync(string reference, TimeSpan grace, CancellationToken cancellationToken)
    {
        if (grace < TimeSpan.Zero || grace > LongestGrace)
        {
            throw Fault.Invalid("for", $"must be at most {LongestGrace.TotalDays:0}d.", "0d ends the old secret at once.");
        }

        var endpoint = await find.ExecuteAsync(reference, cancellationToken);
        var secret = EndpointSecret.Make();
        (endpoint.PreviousSecretSealed, endpoint.PreviousSecretUntil) = grace == TimeSpan.Zero
            ? ((byte[]?)null, (DateTimeOffset?)null)
            : (endpoint.SecretSealed, clock.GetUtcNow() + grace);
        endpoint.SecretSealed = box.Seal(secret.Text, Endpoint.SecretPurpose(endpoint.Id));
        await change.SaveAsync(
            change.Row(AuditAction.EndpointSecretRotated) with { ClientId = endpoint.ClientId },
            new() { ["endpoint"] = endpoint.Id.ToString(), ["bothUntil"] = endpoint.PreviousSecretUntil?.ToString("O") },
            affected: [],
            cancellationToken);
        return (endpoint, secret);
    }
}
