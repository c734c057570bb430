using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Endpoints;

/// <summary>Has a client told at an address of its own what happens.</summary>
/// <remarks>
/// It gives no right: an event is sent only while the client is granted the channel, and what a contact wrote only while the grant has a tool that
/// reads messages. Audited as <c>endpoint_added</c>, with the host but not the address, which may hold a secret.
/// </remarks>
/// <param name="context">The database.</param>
/// <param name="clients">Finds the client.</param>
/// <param name="tenant">Becomes the client.</param>
/// <param name="channels">Finds channels.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="box">Seals the secret.</param>
/// <param name="options">What may be posted to.</param>
/// <param name="clock">Stamps it.</param>
public sealed class AddEndpoint(
    WaMcpDbContext context, FindClient clients, TenantContext tenant, FindChannel channels, AuditedChange change, SecretBox box, IOptions<EndpointOptions> options, TimeProvider clock)
{
    /// <summary>The most endpoints in use that one client may have.</summary>
    public const int Most = 20;

    /// <summary>What to add.</summary>
    /// <param name="Client">Whose: id or slug.</param>
    /// <param name="Url">Where to post.</param>
    /// <param name="Events">Which types; none for all.</param>
    /// <param name="Channels">Only these: ids, names or phone number ids; none for all that are granted.</param>
    /// <param name="Description">What it is for.</param>
    public sealed record Order(string Client, string Url, IReadOnlyCollection<string> Events, IReadOnlyCollection<string> Channels, string? Description);

    /// <summary>Adds it.</summary>
    /// <returns>The endpoint, and its secret, which is not to be had again.</returns>
    /// <exception cref="Fault"><c>not_found</c>, <c>invalid_input</c>, <c>conflict</c>.</exception>
    public async Task<(Endpoint Endpoint, EndpointSecret Secret)> ExecuteAsync(Order order, CancellationToken cancellationToken)
    {
        var address = PostEvent.Parse("url", order.Url, options.Value);
        if (order.Events.Except(EndpointEvent.Types).FirstOrDefault() is { } unknown)
        {
            throw Fault.Invalid("events", $"'{unknown}' is no type of event.", $"There are {string.Join(", ", EndpointEvent.Types)}.");
        }

        if (order.Description is { Length: > 200 })
        {
            throw Fault.Invalid("description", "must be at most 200 characters.");
        }

        var client = await clients.ExecuteAsync(order.Client, cancellationToken);
        tenant.Set(client.Id);
        if (await context.Endpoints.CountAsync(existing => existing.DisabledAt == null, cancellationToken) >= Most)
        {
            throw new Fault(FaultCode.Conflict, $"{client.Slug} has {Most} endpoints in use, the most there can be.", "Disable one with `admin endpoints disable`.");
        }

        var only = new List<Guid>();
        foreach (var reference in order.Channels)
        {
            only.Add((await channels.ExecuteAsync(reference, cancellationToken)).Id.Value);
        }

        var (id, secret) = (TypedId.New<EndpointId>(), EndpointSecret.Make());
        var endpoint = new Endpoint
        {
            Id = id,
            ClientId = client.Id,
            Url = order.Url,
            Description = order.Description,
            Events = order.Events.Count == 0 ? [.. EndpointEvent.Types] : [.. order.Events.Distinct()],
            ChannelIds = [.. only.Distinct()],
            SecretSealed = box.Seal(secret.Text, Endpoint.SecretPurpose(id)),
            CreatedAt = clock.GetUtcNow(),
        };
        context.Add(endpoint);
        await change.SaveAsync(
            change.Row(AuditAction.EndpointAdded) with { ClientId = client.Id },
            new() { ["endpoint"] = id.ToString(), ["host"] = address.IdnHost, ["events"] = string.Join(',', endpoint.Events) },
            affected: [],
            cancellationToken);
        return (endpoint, secret);
    }
}
