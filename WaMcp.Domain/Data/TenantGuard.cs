using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Data;

/// <summary>Refuses to write a record of any client but the scope's own.</summary>
/// <remarks>Fails closed with an exception before anything reaches the database; row-level security refuses the same row again there.</remarks>
internal sealed class TenantGuard : SaveChangesInterceptor
{
    public static readonly TenantGuard Instance = new();

    public override ValueTask<InterceptionResult<int>> SavingChangesAsync(
        DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        var context = (WaMcpDbContext)eventData.Context!;
        foreach (var entry in context.ChangeTracker.Entries<ITenantOwned>())
        {
            if (entry.State is EntityState.Added or EntityState.Modified or EntityState.Deleted
                && entry.Entity.ClientId != context.Tenant.ClientId)
            {
                throw new InvalidOperationException($"A {entry.Metadata.ClrType.Name} of another client was about to be written.");
            }
        }

        return ValueTask.FromResult(result);
    }

    public override InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result) =>
        throw new NotSupportedException("Save asynchronously.");
}
