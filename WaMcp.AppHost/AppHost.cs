using WaMcp.AppHost;

// The deployment diagram: two stores, one migration, the sandbox, the server, the worker and a dashboard. The same lines build it on
// Aspire and, where the feed does not carry Aspire, on plain local processes (docs/adr/0002-two-feeds-one-program.md).
Console.WriteLine(Feed.Sentence);

var options = new LaunchOptions(args);
using var data = DataFolder.TryOpen(options);
if (data is null || !Stores.CanRun(options))
{
    return Environment.ExitCode;
}

var secrets = DevelopmentSecrets.In(data);
var ports = new Ports(options);
var dashboard = new Dashboard(data, ports);
var builder = DistributedApplication.CreateBuilder(dashboard.BuilderOptions);

// Stores: Postgres is the truth, Redis is speed.
var postgres = builder.AddPostgresStore("postgres", data, secrets, ports.Choose("postgres", 54320));
var redis = builder.AddRedisStore("redis", data, ports.Choose("redis", 63790));
var owner = postgres.AddLogin("owner", "postgres", secrets.Read("postgres_owner_password"));
var wamcp = postgres.AddLogin("wamcp", "wa_app", secrets.Read("wa_app_password"));
var archiver = postgres.AddLogin("archiver", "wa_audit_archiver", secrets.Read("wa_audit_archiver_password"));
var cache = redis.AddAddress("cache");

// The schema, the roles and their policies. Nothing that uses the database starts before it; only this program gets the owner.
var migrate = builder.AddProject<Projects.WaMcp_Admin>("migrate")
    .WithArgs("db", "migrate")
    .WithReference(owner)
    .InDevelopment(secrets)
    .WaitFor(postgres);

// WhatsApp as it behaves towards us. Never deployed. Statuses come one by one, so that a person can follow them.
var sandbox = builder.AddProject<Projects.WaMcp_Sandbox>("sandbox")
    .WithEnvironment("Sandbox__WhatsApp__Settings__WebhookDelayMs", "600")
    .InDevelopment(secrets)
    .WithHttpEndpoint(ports.Choose("sandbox", 5081))
    .WithHttpHealthCheck("/health");

// What agents and providers talk to.
var server = builder.AddProject<Projects.WaMcp_Server>("server")
    .WithReference(wamcp)
    .WithReference(cache, "redis")
    .WithEnvironment("Media__Folder", data["media"])
    .WithEnvironment("WhatsApp__GraphUrl", sandbox.GetEndpoint("http"))
    .InDevelopment(secrets)
    .WithHttpEndpoint(ports.Choose("server", 5080))
    .WithHttpHealthCheck("/health")
    .WaitForCompletion(migrate)
    .WaitFor(redis)
    .WaitFor(sandbox);

// What runs by itself. Only this program may delete audit rows, once they are archived.
var worker = builder.AddProject<Projects.WaMcp_Worker>("worker")
    .WithReference(wamcp)
    .WithReference(archiver)
    .WithEnvironment("AuditArchive__Folder", data["audit-archive"])
    .WithReference(cache, "redis")
    .WithEnvironment("Media__Folder", data["media"])
    .WithEnvironment("WhatsApp__GraphUrl", sandbox.GetEndpoint("http"))
    .InDevelopment(secrets)
    .WithHttpEndpoint(ports.Choose("worker", 5082))
    .WithHttpHealthCheck("/health")
    .WaitForCompletion(migrate)
    .WaitFor(redis)
    .WaitFor(sandbox);

sandbox.WithEnvironment(
    "Sandbox__WhatsApp__CallbackUrl", ReferenceExpression.Create($"{server.GetEndpoint("http")}/webhooks/whatsapp"));

// .wamcp/endpoints.json says where everything is, from the moment that everything is healthy until the stop begins.
builder.WhenHealthy(
    [sandbox, server, worker],
    async stopping => data.Announce(new Endpoints(
        await server.GetEndpoint("http").GetValueAsync(stopping),
        await sandbox.GetEndpoint("http").GetValueAsync(stopping),
        dashboard.Url,
        await postgres.UrlFor("wa_app", secrets.Read("wa_app_password")).GetValueAsync(stopping),
        await redis.UrlOfRedis().GetValueAsync(stopping))),
    data.Withdraw);

builder.Build().Run();
return Environment.ExitCode;
