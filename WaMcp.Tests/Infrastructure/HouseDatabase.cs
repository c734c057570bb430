using Microsoft.Extensions.Configuration;
using WaMcp.Domain.Data;

namespace WaMcp.Tests.Infrastructure;

/// <summary>A migrated database of a test's own, copied from a template that is migrated once per cluster.</summary>
/// <param name="Owner">Connection string of its owner.</param>
/// <param name="App">Connection string of wa_app.</param>
internal sealed record HouseDatabase(string Owner, string App)
{
    private const string Template = "house_template";

    public static async Task<HouseDatabase> CreateAsync(LocalPostgres? postgres = null)
    {
        postgres ??= await LocalPostgres.Shared();
        await postgres.CreateTemplateAsync(Template, MigrateAsync);
        var name = $"house_{Guid.NewGuid():N}";
        var owner = await postgres.CreateDatabaseAsync(name, Template);
        return new HouseDatabase(owner, postgres.ConnectionString(name, "wa_app", TestSecrets.AppPassword));
    }

    private static async Task MigrateAsync(string owner)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(TestSecrets.Settings)
            .AddInMemoryCollection([new("ConnectionStrings:owner", owner)])
            .Build();
        await new MigrateDatabase(configuration, TimeProvider.System).ExecuteAsync(new Progress<string>(), CancellationToken.None);
    }
}
