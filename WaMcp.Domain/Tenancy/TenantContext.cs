namespace WaMcp.Domain.Tenancy;

/// <summary>
/// Whose data this scope may touch. One per DI scope; set once by whoever knows the client (the request path, a job), read by the
/// query filters, the write guard and the database connection.
/// </summary>
/// <remarks>
/// Fails closed: reading it while unset throws, and so does setting it to a second client, so a forgotten tenant is an exception and
/// never somebody else's data. Nothing is audited here: the exception reaches the edge, which answers with an internal error. The
/// invariant: within one scope, tenant data belongs to exactly one client.
/// </remarks>
public sealed class TenantContext
{
    private ClientId? clientId;

    /// <summary>The client of this scope.</summary>
    /// <exception cref="InvalidOperationException">No client has been set.</exception>
    public ClientId ClientId => clientId
        ?? throw new InvalidOperationException("No client is set for this scope: tenant data was asked for before anybody said whose.");

    /// <summary>Whether a client has been set; the database connection asks before it carries the id.</summary>
    public bool IsSet => clientId is not null;

    /// <summary>Says whose scope this is.</summary>
    /// <exception cref="InvalidOperationException">The scope belongs to another client already.</exception>
    public void Set(ClientId client)
    {
        if (clientId is { } current && current != client)
        {
            throw new InvalidOperationException("This scope belongs to another client already; open a new one.");
        }

        clientId = client;
    }
}
