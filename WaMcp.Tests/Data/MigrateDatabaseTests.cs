using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Data;

public sealed class MigrateDatabaseTests
{
    [Fact]
    public async Task DatabasesOfOneClusterMigrateAtTheSameTimeThoughTheyShareTheRoles()
    {
        await using var postgres = new LocalPostgres(fsync: false);
        await postgres.StartAsync();
        var owners = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => postgres.CreateDatabaseAsync()));

        var applied = await Task.WhenAll(owners.Select(MigratedDatabase.MigrateAsync));

        applied.ShouldAllBe(migrations => migrations.Count > 0);
    }
}
