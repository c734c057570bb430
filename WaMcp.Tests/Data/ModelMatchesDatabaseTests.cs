using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Tests.Data;

/// <summary>The migrations are SQL files without a model snapshot (ADR 0003), so this is what keeps model and database together.</summary>
public sealed class ModelMatchesDatabaseTests
{
    // Written and read by SQL of our own, or by EF Core itself.
    private static readonly string[] WithoutEntity = ["audit_log", "audit_batches", "audit_unsealed", "audit_seals", "rate_limit_buckets", "pacing", "__EFMigrationsHistory"];

    private static readonly string[] WithoutProperty = ["messages.tx xid8", "messages.search tsvector null"];

    [Fact]
    public async Task EveryColumnOfTheModelIsInTheDatabaseAndTheOtherWayRound()
    {
        var database = await MigratedDatabase.CreateAsync();

        var inDatabase = (await database.ReadAsync<string>("""
            SELECT c.table_name || '.' || c.column_name || ' ' || format_type(a.atttypid, a.atttypmod) || CASE c.is_nullable WHEN 'YES' THEN ' null' ELSE '' END
            FROM information_schema.columns c
            JOIN information_schema.tables t USING (table_schema, table_name)
            JOIN pg_attribute a ON a.attrelid = (quote_ident(c.table_schema) || '.' || quote_ident(c.table_name))::regclass AND a.attname = c.column_name
            WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
            """)).Where(column => !WithoutEntity.Contains(column.Split('.')[0]) && !WithoutProperty.Contains(column)).Order(StringComparer.Ordinal).ToList();

        using var context = Context();
        var inModel = context.Model.GetEntityTypes().SelectMany(Columns).Order(StringComparer.Ordinal).ToList();
        inModel.ShouldBe(inDatabase);
    }

    [Fact]
    public async Task PrimaryKeysAreTheSame()
    {
        var database = await MigratedDatabase.CreateAsync();

        var inDatabase = (await database.ReadAsync<string>("""
            SELECT k.table_name || ': ' || string_agg(k.column_name, ', ' ORDER BY k.ordinal_position)
            FROM information_schema.table_constraints c
            JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name)
            WHERE c.constraint_type = 'PRIMARY KEY' AND c.table_schema = 'public'
            GROUP BY k.table_name
            """)).Where(key => !WithoutEntity.Contains(key.Split(':')[0])).Order(StringComparer.Ordinal).ToList();

        using var context = Context();
        var inModel = context.Model.GetEntityTypes()
            .Select(entity => $"{entity.GetTableName()}: {string.Join(", ", entity.FindPrimaryKey()!.Properties.Select(property => property.GetColumnName()))}")
            .Order(StringComparer.Ordinal).ToList();
        inModel.ShouldBe(inDatabase);
    }

    [Fact]
    public async Task EveryTableWithRecordsOfAClientIsUnderRowLevelSecurity()
    {
        var database = await MigratedDatabase.CreateAsync();

        var secured = await database.ReadAsync<string>("""
            SELECT c.relname::text FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid
            WHERE c.relrowsecurity AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL ORDER BY 1
            """);

        using var context = Context();
        var owned = context.Model.GetEntityTypes().Where(entity => entity.ClrType.IsAssignableTo(typeof(ITenantOwned))).ToList();
        owned.Select(entity => entity.GetTableName()!).Order(StringComparer.Ordinal).ShouldBe(secured);
        owned.ShouldAllBe(entity => entity.GetDeclaredQueryFilters().Any(filter => filter.Key == WaMcpDbContext.TenantFilter));
    }

    private static IEnumerable<string> Columns(IEntityType entity) => entity.GetProperties()
        .Select(property => $"{entity.GetTableName()}.{property.GetColumnName()} {property.GetColumnType()}{(property.IsNullable ? " null" : "")}");

    private static WaMcpDbContext Context() =>
        new(new DbContextOptionsBuilder<WaMcpDbContext>().UseNpgsql("Host=never.opened").Options, new TenantContext());
}
