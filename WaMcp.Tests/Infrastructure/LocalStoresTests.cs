using System.Net.Sockets;
using Npgsql;

namespace WaMcp.Tests.Infrastructure;

public sealed class LocalStoresTests
{
    [Fact]
    public async Task RedisStopsStartsAndFreezesOnTheSamePort()
    {
        await using var redis = await LocalRedis.RunAsync();
        (await PingAsync(redis)).ShouldBe("+PONG");

        redis.Freeze();
        var waiting = PingAsync(redis);
        (await Task.WhenAny(waiting, Task.Delay(200))).ShouldNotBe(waiting);
        redis.Continue();
        (await waiting).ShouldBe("+PONG");

        await redis.StopAsync();
        await Should.ThrowAsync<SocketException>(() => PingAsync(redis));
        await redis.StartAsync();
        (await PingAsync(redis)).ShouldBe("+PONG");
    }

    [Fact]
    public async Task PostgresKeepsWhatWasCommittedOverAKill()
    {
        await using var postgres = await LocalPostgres.RunAsync();
        var database = await postgres.CreateDatabaseAsync("kept");
        await ExecuteAsync(database, "CREATE TABLE t (n int); INSERT INTO t VALUES (7)");

        await postgres.KillAsync();
        await Should.ThrowAsync<NpgsqlException>(() => ExecuteAsync(database, "SELECT 1"));
        await postgres.StartAsync();
        (await ExecuteAsync(database, "SELECT n FROM t")).ShouldBe(7);

        await postgres.StopAsync();
        await postgres.StartAsync();
        (await ExecuteAsync(database, "SELECT n FROM t")).ShouldBe(7);
        (await ExecuteAsync(database, "SHOW fsync")).ShouldBe("on");
    }

    [Fact]
    public async Task DatabasesAreCopiesOfTheirTemplate()
    {
        var postgres = await LocalPostgres.Shared();
        var made = 0;
        await Task.WhenAll(MakeAsync(), MakeAsync());
        made.ShouldBe(1);

        var copies = await Task.WhenAll(
            postgres.CreateDatabaseAsync(template: "copied"), postgres.CreateDatabaseAsync(template: "copied"));
        await ExecuteAsync(copies[0], "DELETE FROM t");
        (await ExecuteAsync(copies[0], "SELECT count(*) FROM t")).ShouldBe(0L);
        (await ExecuteAsync(copies[1], "SELECT count(*) FROM t")).ShouldBe(1L);

        Task MakeAsync() => postgres.CreateTemplateAsync("copied", async connectionString =>
        {
            made++;
            await ExecuteAsync(connectionString, "CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
        });
    }

    [Fact]
    public async Task AWrongPasswordIsRefused()
    {
        var postgres = await LocalPostgres.Shared();
        var refused = await Should.ThrowAsync<PostgresException>(
            () => ExecuteAsync(postgres.ConnectionString("postgres", password: "wrong"), "SELECT 1"));
        refused.SqlState.ShouldBe(PostgresErrorCodes.InvalidPassword);
    }

    [Fact]
    public async Task AProgramThatEndsEarlyIsReportedWithItsOutput()
    {
        var failure = await Should.ThrowAsync<InvalidOperationException>(
            () => ChildProcess.StartAsync("sh", ["-c", "echo no such luck; exit 3"], _ => false));
        failure.Message.ShouldContain("ended with code 3");
        failure.Message.ShouldContain("no such luck");
    }

    private static async Task<string> PingAsync(LocalRedis redis)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", redis.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync("PING\r\n"u8.ToArray());
        using var reader = new StreamReader(stream);
        return await reader.ReadLineAsync() ?? "";
    }

    private static async Task<object?> ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
