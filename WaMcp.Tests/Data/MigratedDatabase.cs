using Microsoft.Extensions.Configuration;
using Npgsql;
using WaMcp.Domain.Data;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Data;

/// <summary>A database of a test's own at the present schema, copied from a template that is migrated once per cluster.</summary>
internal sealed class MigratedDatabase
{
    public const string AppRole = "wa_app";
    public const string ArchiverRole = "wa_audit_archiver";

    private const string Template = "migrated";

    private readonly LocalPostgres postgres;

    private MigratedDatabase(LocalPostgres postgres, string owner)
    {
        this.postgres = postgres;
        Owner = owner;
    }

    /// <summary>The owner's connection string.</summary>
    public string Owner { get; }

    /// <summary>What the programs connect with.</summary>
    public string App => For(AppRole);

    /// <summary>In the cluster that all tests share, unless told otherwise.</summary>
    public static async Task<MigratedDatabase> CreateAsync(LocalPostgres? postgres = null)
    {
        postgres ??= await LocalPostgres.Shared();
        await postgres.CreateTemplateAsync(Template, owner => MigrateAsync(owner));
        return new MigratedDatabase(postgres, await postgres.CreateDatabaseAsync(template: Template));
    }

    /// <summary>The connection string of another role; every role has the owner's password here.</summary>
    public string For(string role) => postgres.ConnectionString(new NpgsqlConnectionStringBuilder(Owner).Database!, role);

    /// <summary>Brings a database up to date.</summary>
    public static Task<IReadOnlyList<string>> MigrateAsync(string owner) =>
        new MigrateDatabase(
            new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["ConnectionStrings:owner"] = owner,
                [$"{AppRole}_password"] = LocalPostgres.OwnerPassword,
                [$"{ArchiverRole}_password"] = LocalPostgres.OwnerPassword,
            }).Build(),
            TimeProvider.System).ExecuteAsync(new Progress<string>(), CancellationToken.None);

    /// <summary>Runs one statement as the owner and reads the first column of every row.</summary>
    public Task<List<T>> ReadAsync<T>(string sql) => ReadAsync<T>(Owner, sql);

    /// <summary>Runs one statement over a connection of its own and reads the first column of every row.</summary>
    public static async Task<List<T>> ReadAsync<T>(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var values = new List<T>();
        while (await reader.ReadAsync())
        {
            values.Add(await reader.IsDBNullAsync(0) ? default! : reader.GetFieldValue<T>(0));
        }

        return values;
    }
}
