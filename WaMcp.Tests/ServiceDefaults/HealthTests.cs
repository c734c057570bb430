using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using WaMcp.ServiceDefaults;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.ServiceDefaults;

public sealed class HealthTests(LocalRedis redis) : IClassFixture<LocalRedis>
{
    [Fact]
    public async Task IsHealthyWithBothStores()
    {
        var postgres = await LocalPostgres.Shared();
        await using var app = await StartAsync(redis.ConnectionString, postgres.ConnectionString("postgres"));

        var (status, body) = await GetAsync(app, "/health");

        status.ShouldBe(HttpStatusCode.OK);
        body.ShouldBe("""{"status":"Healthy","checks":{"redis":"Healthy","postgres":"Healthy"}}""");
    }

    [Fact]
    public async Task StartsWithoutRedisAndIsDegradedUntilItComes()
    {
        var postgres = await LocalPostgres.Shared();
        await using var late = new LocalRedis();
        var starting = Stopwatch.StartNew();
        await using var app = await StartAsync(late.ConnectionString, postgres.ConnectionString("postgres"));
        starting.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));

        var (status, body) = await GetAsync(app, "/health");
        status.ShouldBe(HttpStatusCode.OK);
        body.ShouldBe("""{"status":"Degraded","checks":{"redis":"Degraded","postgres":"Healthy"}}""");

        await late.StartAsync();
        await UntilAsync(app, "Healthy");

        await late.StopAsync();
        await UntilAsync(app, "Degraded");

        await late.StartAsync();
        await UntilAsync(app, "Healthy");
    }

    [Fact]
    public async Task ARedisThatHangsDoesNotHangTheAnswer()
    {
        var postgres = await LocalPostgres.Shared();
        await using var frozen = await LocalRedis.RunAsync();
        await using var app = await StartAsync(frozen.ConnectionString, postgres.ConnectionString("postgres"));
        frozen.Freeze();

        var asking = Stopwatch.StartNew();
        var (status, body) = await GetAsync(app, "/health");

        asking.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(4));
        status.ShouldBe(HttpStatusCode.OK);
        body.ShouldContain("\"redis\":\"Degraded\"");
        frozen.Continue();
        await UntilAsync(app, "Healthy");
    }

    [Fact]
    public async Task IsUnhealthyButAliveWithoutPostgres()
    {
        await using var postgres = await LocalPostgres.RunAsync();
        await using var app = await StartAsync(redis.ConnectionString, postgres.ConnectionString("postgres"));
        await UntilAsync(app, "Healthy");

        postgres.Freeze();
        await UntilAsync(app, "Unhealthy");

        await postgres.KillAsync();
        var (status, body) = await GetAsync(app, "/health");
        status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        body.ShouldBe("""{"status":"Unhealthy","checks":{"redis":"Healthy","postgres":"Unhealthy"}}""");
        (await GetAsync(app, "/alive")).ShouldBe((HttpStatusCode.OK, """{"status":"Healthy","checks":{}}"""));

        await postgres.StartAsync();
        await UntilAsync(app, "Healthy");
    }

    [Fact]
    public async Task ManyWhoAskAtOnceAreOneQuestionToTheStores()
    {
        var checks = 0;
        await using var app = await TestApp.StartAsync(
            builder => builder.AddServiceDefaults().Services.AddHealthChecks().AddAsyncCheck("counted", async () =>
            {
                Interlocked.Increment(ref checks);
                await Task.Yield();
                return HealthCheckResult.Healthy();
            }),
            app => app.MapHealthEndpoints());
        var asking = Stopwatch.StartNew();

        for (var round = 0; round < 20; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => GetAsync(app, "/health")));
        }

        checks.ShouldBeInRange(1, 1 + (int)asking.Elapsed.TotalSeconds, "one a second");
        await GetAsync(app, "/alive");
        await Eventually.TrueAsync("the stores are asked again", async () => (await GetAsync(app, "/health")).Status == HttpStatusCode.OK && checks > 1);
    }

    [Theory]
    [InlineData("ConnectionStrings:redis")]
    [InlineData("ConnectionStrings:wamcp")]
    public async Task DoesNotStartWithoutAConnectionStringAndSaysWhich(string missing)
    {
        (string, string?)[] settings =
            [("ConnectionStrings:redis", redis.ConnectionString), ("ConnectionStrings:wamcp", "Host=127.0.0.1;Username=x;Database=x")];

        var failure = await Should.ThrowAsync<InvalidOperationException>(
            () => StartAsync([.. settings.Where(setting => setting.Item1 != missing)]));

        failure.Message.ShouldStartWith($"{missing} is not set.");
    }

    private static Task<TestApp> StartAsync(string redis, string postgres) =>
        StartAsync(("ConnectionStrings:redis", redis), ("ConnectionStrings:wamcp", postgres));

    private static Task<TestApp> StartAsync(params (string, string?)[] settings) => TestApp.StartAsync(
        builder => builder.AddServiceDefaults().AddRedis().AddDatabase<EmptyContext>(),
        app => app.MapHealthEndpoints(),
        settings);

    private static async Task<(HttpStatusCode Status, string Body)> GetAsync(TestApp app, string path)
    {
        using var answer = await app.Client.GetAsync(path);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static Task<string> UntilAsync(TestApp app, string status) => Eventually.GetAsync(
        status, async () => (await GetAsync(app, "/health")).Body, body => Status(body) == status);

    private static string? Status(string body) => JsonDocument.Parse(body).RootElement.GetProperty("status").GetString();

    private sealed class EmptyContext(DbContextOptions<EmptyContext> options) : DbContext(options);
}
