using System.Reflection;
using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Duties;
using WaMcp.Domain.Endpoints;
using WaMcp.Domain.Inbox;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Templates;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Data;

/// <summary>
/// The database. Never pooled: it holds the scope's <see cref="TenantContext"/>, and a pooled context would keep somebody else's.
/// </summary>
/// <remarks>
/// Tenant data is filtered here by name (<see cref="TenantFilter"/>), guarded on write by <see cref="TenantGuard"/>, and held again by
/// row-level security: <see cref="TenantConnection"/> tells every connection whose it is. Reading tenant data with no tenant set throws.
/// </remarks>
/// <param name="options">How to connect.</param>
/// <param name="tenant">Whose data this scope may touch.</param>
public sealed class WaMcpDbContext(DbContextOptions<WaMcpDbContext> options, TenantContext tenant) : DbContext(options)
{
    /// <summary>The name of the query filter that keeps clients apart.</summary>
    public const string TenantFilter = "tenant";

    /// <summary>Tenants.</summary>
    public DbSet<Client> Clients => Set<Client>();

    /// <summary>API keys, all clients'.</summary>
    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();

    /// <summary>Peppers that are no longer current.</summary>
    public DbSet<RetiredPepper> RetiredPeppers => Set<RetiredPepper>();

    /// <summary>Channels.</summary>
    public DbSet<Channel> Channels => Set<Channel>();

    /// <summary>Grants, all clients'.</summary>
    public DbSet<Grant> Grants => Set<Grant>();

    /// <summary>The scope's client's contacts.</summary>
    public DbSet<Contact> Contacts => Set<Contact>();

    /// <summary>What those were called before.</summary>
    public DbSet<ContactAlias> ContactAliases => Set<ContactAlias>();

    /// <summary>Where ids of contacts and conversations lead that were put together with others.</summary>
    public DbSet<EndedId> EndedIds => Set<EndedId>();

    /// <summary>The scope's client's conversations.</summary>
    public DbSet<Conversation> Conversations => Set<Conversation>();

    /// <summary>The scope's client's messages.</summary>
    public DbSet<Message> Messages => Set<Message>();

    /// <summary>Statuses whose messages are not known yet.</summary>
    public DbSet<EarlyStatus> EarlyStatuses => Set<EarlyStatus>();

    /// <summary>The scope's client's files.</summary>
    public DbSet<MediaObject> MediaObjects => Set<MediaObject>();

    /// <summary>Providers' copies of the scope's client's files.</summary>
    public DbSet<MediaUpload> MediaUploads => Set<MediaUpload>();

    /// <summary>The scope's client's orders that may come again.</summary>
    public DbSet<IdempotencyKey> IdempotencyKeys => Set<IdempotencyKey>();

    /// <summary>Where the scope's client wants to be told what happens.</summary>
    public DbSet<Endpoint> Endpoints => Set<Endpoint>();

    /// <summary>Copies of what providers have of templates, by account.</summary>
    public DbSet<MessageTemplate> MessageTemplates => Set<MessageTemplate>();

    /// <summary>How fresh those are.</summary>
    public DbSet<TemplateList> TemplateLists => Set<TemplateList>();

    /// <summary>What providers tell operators about channels.</summary>
    public DbSet<ChannelFact> ChannelFacts => Set<ChannelFact>();

    /// <summary>Deliveries of providers, raw.</summary>
    public DbSet<WebhookEvent> WebhookEvents => Set<WebhookEvent>();

    /// <summary>Background work; claimed and completed by <see cref="JobQueue"/>, not through this set.</summary>
    public DbSet<Job> Jobs => Set<Job>();

    /// <summary>What runs daily; the Worker's runs are written by itself, not through this set.</summary>
    public DbSet<Duty> Duties => Set<Duty>();

    /// <summary>Whose data this is; read by the query filter at each query.</summary>
    internal ClientId TenantId => tenant.ClientId;

    /// <summary>The scope's tenant, for the guard and the connection.</summary>
    internal TenantContext Tenant => tenant;

    /// <inheritdoc/>
    protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) =>
        optionsBuilder.AddInterceptors(TenantConnection.Instance, TenantGuard.Instance);

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        TypedIdConversion.AddAll(configurationBuilder);
        configurationBuilder.Properties<Enum>().HaveConversion<string>();
    }

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Message>(message =>
        {
            message.Property(m => m.Raw).HasColumnType("json");
            message.Property(m => m.Content).HasColumnType("json");
            message.Property(m => m.State).HasField("<State>k__BackingField");
        });
        modelBuilder.Entity<EarlyStatus>().Property(early => early.Document).HasColumnType("json");
        modelBuilder.Entity<MessageTemplate>(template =>
        {
            template.HasKey(t => new { t.AccountId, t.Name, t.Language });
            template.Property(t => t.Components).HasColumnType("json");
            template.Ignore(t => t.IsApproved).Ignore(t => t.Purpose);
        });
        modelBuilder.Entity<TemplateList>().HasKey(list => list.AccountId);
        modelBuilder.Entity<ChannelFact>().Property(fact => fact.Payload).HasColumnType("json");
        modelBuilder.Entity<WebhookEvent>().Property(webhook => webhook.Counts).HasColumnType("jsonb");
        modelBuilder.Entity<Duty>(duty =>
        {
            duty.HasKey(d => d.Name);
            duty.Property(d => d.Counts).HasColumnType("jsonb");
        });
        // What operators take back or give again: of two who change it at the same moment, the second is told.
        modelBuilder.Entity<Client>().Property(c => c.DisabledAt).IsConcurrencyToken();
        modelBuilder.Entity<ApiKey>().Property(k => k.RevokedAt).IsConcurrencyToken();
        modelBuilder.Entity<ApiKey>().Ignore(k => k.EndedByRotation).Property(k => k.ReplacedBy).IsConcurrencyToken();
        modelBuilder.Entity<Grant>().Property(g => g.RevokedAt).IsConcurrencyToken();
        modelBuilder.Entity<Channel>().Property(c => c.AppSecretRotatedAt).IsConcurrencyToken();
        modelBuilder.Entity<Job>().Property(j => j.DeadAt).IsConcurrencyToken();
        modelBuilder.Entity<RetiredPepper>().Property(p => p.AcceptedUntil).IsConcurrencyToken();
        foreach (var entity in modelBuilder.Model.GetEntityTypes().ToList())
        {
            SnakeCase.Apply(entity);
            if (entity.ClrType.IsAssignableTo(typeof(ITenantOwned)))
            {
                FilterMethod.MakeGenericMethod(entity.ClrType).Invoke(this, [modelBuilder]);
            }
        }
    }

    private static readonly MethodInfo FilterMethod =
        typeof(WaMcpDbContext).GetMethod(nameof(FilterByTenant), BindingFlags.Instance | BindingFlags.NonPublic)!;

    private void FilterByTenant<TEntity>(ModelBuilder modelBuilder)
        where TEntity : class, ITenantOwned =>
        modelBuilder.Entity<TEntity>().HasQueryFilter(TenantFilter, record => record.ClientId == TenantId);
}
