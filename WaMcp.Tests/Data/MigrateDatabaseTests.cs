using WaMcp.Domain;
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

    [Theory]
    [InlineData("ENCODING 'UTF8' LOCALE 'C'")] // lower case only of ASCII
    [InlineData("ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'tr'")] // where I is not the capital of i
    [InlineData("ENCODING 'SQL_ASCII' LOCALE 'C'")]
    public async Task ADatabaseThatDoesNotKnowLettersIsRefused(string locale)
    {
        var postgres = await LocalPostgres.Shared();
        var name = $"letters_{Guid.NewGuid():N}";
        await MigratedDatabase.ReadAsync<int>(postgres.ConnectionString("postgres"), $"CREATE DATABASE {name} TEMPLATE template0 {locale}");

        var refused = await Should.ThrowAsync<Fault>(() => MigratedDatabase.MigrateAsync(postgres.ConnectionString(name)));

        refused.Code.ShouldBe(FaultCode.Misconfigured);
        (await MigratedDatabase.ReadAsync<long>(postgres.ConnectionString(name), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).ShouldBe([0]);
        await postgres.DropDatabaseAsync(name);
    }
}
