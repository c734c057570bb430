using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Tests.Data;

/// <summary>The walls stand on the asynchronous ways in; the others are shut rather than unguarded.</summary>
public sealed class AsynchronousOnlyTests
{
    [Fact]
    public async Task ReadingAndSavingSynchronouslyAreRefused()
    {
        var database = await MigratedDatabase.CreateAsync();
        await using var context = new WaMcpDbContext(
            new DbContextOptionsBuilder<WaMcpDbContext>().UseNpgsql(database.App).Options, new TenantContext());

        Should.Throw<NotSupportedException>(() => context.Clients.ToList());
        Should.Throw<NotSupportedException>(() => context.SaveChanges());
    }
}
