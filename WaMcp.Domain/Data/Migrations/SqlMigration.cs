using System.Reflection;
using Microsoft.EntityFrameworkCore.Migrations;

namespace WaMcp.Domain.Data.Migrations;

/// <summary>
/// A migration that is the SQL file of the same name beside it: roles, policies and partial indexes are most of our schema, and SQL says
/// them best (ADR 0003). A test holds the EF model against the migrated database.
/// </summary>
internal abstract class SqlMigration : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var name = GetType().GetCustomAttribute<MigrationAttribute>()!.Id;
        using var resource = typeof(SqlMigration).Assembly.GetManifestResourceStream($"{name}.sql")
            ?? throw new InvalidOperationException($"Migration {name} has no file {name}.sql.");
        using var reader = new StreamReader(resource);
        migrationBuilder.Sql(reader.ReadToEnd());
    }
}
