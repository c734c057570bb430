using System.Text.Json;
using WaMcp.Domain.Duties;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Tools;

public sealed class IdempotencyTests : IAsyncLifetime
{
    private readonly ShiftedClock clock = new();
    private WaMcpSystem system = null!;
    private Talk talk = null!;

    public async Task InitializeAsync()
    {
        system = await WaMcpSystem.StartWithClockAsync(clock);
        talk = await Talk.BeginAsync(system);
    }

    public Task DisposeAsync() => system.DisposeAsync().AsTask();

    [Fact]
    public async Task TheSameOrderTwiceIsOneMessageAndAnotherUnderItsKeyIsAConflict()
    {
        var key = new string('~', 128);
        var first = await talk.SendAsync("send_message", new { text = "once", idempotencyKey = key });
        var again = await talk.SendAsync("send_message", new { idempotencyKey = key, text = "once", waitSeconds = 1, previewUrl = false });

        Id(again).ShouldBe(Id(first));
        again.GetProperty("repeated").GetBoolean().ShouldBeTrue();
        first.TryGetProperty("repeated", out _).ShouldBeFalse();
        foreach (var (tool, other) in new (string, object)[]
        {
            ("send_message", new { text = "twice", idempotencyKey = key }),
            ("send_message", new { text = "once", to = "+15550100123", idempotencyKey = key }),
            ("send_template", new { name = "hello_world", idempotencyKey = key }),
        })
        {
            var conflict = await talk.TryAsync(tool, other);
            conflict.Reason.ShouldBe("conflict");
            conflict.Structured.GetProperty("message").GetString()!.ShouldContain(Id(first));
        }

        (await talk.TryAsync("send_message", new { text = "once", idempotencyKey = key + "~" })).Structured.GetProperty("message").GetString()!.ShouldContain("128");
        (await CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task TheSameKeyOfAnotherClientIsAnotherMessage()
    {
        var other = await Talk.BeginAsync(system);
        var first = await talk.SendAsync("send_message", new { text = "once", idempotencyKey = "k" });
        Id(await other.SendAsync("send_message", new { text = "once", idempotencyKey = "k" })).ShouldNotBe(Id(first));
    }

    [Fact]
    public async Task ManyAtOnceOverTwoServersAreOneMessage()
    {
        var second = WaMcpSystem.Mcp(talk.Client.Token, await system.AddServerAsync());
        for (var round = 0; round < 5; round++)
        {
            var (key, before) = ($"race {round}", await CountAsync());
            var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => (i % 2 == 0 ? talk.Mcp : second).CallAsync(
                "send_message", new { channel = talk.Channel, to = talk.Phone, text = $"raced {round}", idempotencyKey = key })));
            answers.ShouldAllBe(answer => !answer.IsError);
            answers.Select(answer => Id(answer.Structured)).Distinct().ShouldHaveSingleItem();
            answers.Count(answer => !answer.Structured.TryGetProperty("repeated", out _)).ShouldBe(1);
            (await CountAsync()).ShouldBe(before + 1);
        }
    }

    [Fact]
    public async Task OneThatCameFirstAndIsRolledBackLeavesItsPlaceToTheNext()
    {
        await talk.HearAsync();
        await talk.LetPassAsync(TimeSpan.FromHours(25));
        (await talk.TryAsync("send_message", new { text = "late", idempotencyKey = "again" })).Reason.ShouldBe("window_closed");
        await talk.LetPassAsync(TimeSpan.FromHours(1));
        var sent = await talk.SendAsync("send_message", new { text = "late", idempotencyKey = "again" });
        await talk.LetPassAsync(TimeSpan.FromHours(25));
        Id(await talk.SendAsync("send_message", new { text = "late", idempotencyKey = "again" })).ShouldBe(Id(sent), "it was accepted while that was possible");
    }

    [Fact]
    public async Task AKeyIsKeptFor48HoursAndPrunedAfterwards()
    {
        var first = await talk.SendAsync("send_message", new { text = "once", idempotencyKey = "kept" });
        clock.Advance(TimeSpan.FromHours(47));
        await system.Console.RunDutyAsync(Duty.PruneMessages);
        Id(await talk.SendAsync("send_message", new { text = "once", idempotencyKey = "kept" })).ShouldBe(Id(first));
        clock.Advance(TimeSpan.FromHours(2));
        await system.Console.RunDutyAsync(Duty.PruneMessages);
        (await system.QueryAsync<long>("SELECT count(*) FROM idempotency_keys")).ShouldBe(0);
    }

    private static string Id(JsonElement sent) => sent.GetProperty("messageId").GetString()!;

    private Task<long> CountAsync() => system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1", talk.Client.Client.Id.Value);
}
