namespace WaMcp.Domain.Tenancy;

/// <summary>A record that belongs to one client: filtered on read, guarded on write, under row-level security in Postgres.</summary>
public interface ITenantOwned
{
    /// <summary>The owner of the record.</summary>
    ClientId ClientId { get; }
}
