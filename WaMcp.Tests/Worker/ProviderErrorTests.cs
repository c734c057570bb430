using System.Text.Json.Nodes;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Channels.WhatsApp;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;
using static WaMcp.Domain.Channels.WhatsApp.WhatsAppErrorClass;

namespace WaMcp.Tests.Worker;

/// <summary>Meta's error codes, each injected once: right class, right state, right words.</summary>
public sealed class ProviderErrorTests : IAsyncLifetime
{
    private static readonly Dictionary<WhatsAppErrorClass, int[]> Codes = new()
    {
        [Permanent] =
        [
            3, 10, 200, 299, 33, 100, 131008, 131009, 131051, 131021, 131026, 131047, 131049, 130403, 130472, 131053, 131062, 131063, 132000, 132001,
            132005, 132007, 132012, 132015, 132016, 132068, 132069, 131020, 131041, 131201, 131204, 131207, 130501, 137000, 139200, 130497, 131052, 134011, 999999,
        ],
        [Retry] = [4, 80007, 130429, 133016, 131208],
        [RetryPair] = [131056],
        [RetryOrUnknown] = [1, 2, 131000, 131016, 131057, 133004, 135000],
        [StopNumber] = [0, 190, 131005, 368, 131031, 131064, 131037, 131042, 131045, 133010],
        [PauseNumber] = [131048],
        [OptOut] = [131050],
    };

    private WaMcpSystem system = null!;
    private TestClient client = null!;

    public async Task InitializeAsync()
    {
        system = await WaMcpSystem.StartAsync();
        client = await system.Console.OnboardAsync(rpm: 100_000); // the test asks often
    }

    public Task DisposeAsync() => system.DisposeAsync().AsTask();

    [Fact]
    public void EveryCodeHasItsClassAndWords()
    {
        foreach (var (expected, code) in Codes.SelectMany(row => row.Value.Select(code => (row.Key, code))))
        {
            var error = WhatsAppErrors.Of(code);
            error.Class.ShouldBe(expected, $"code {code}");
            error.Text.ShouldNotBeNullOrWhiteSpace();
            error.NextAction.ShouldNotBeNullOrWhiteSpace();
            (error.Waits is { Count: > 0 }).ShouldBe(expected is Retry or RetryPair or RetryOrUnknown or PauseNumber, $"code {code}");
        }
    }

    [Fact]
    public async Task APermanentErrorFailsTheMessageWithReasonAndNextAction()
    {
        var sent = await InjectAsync([.. Codes[Permanent], .. Codes[OptOut]]);
        foreach (var (code, id) in sent)
        {
            var failed = (await MessageTests.StateAsync(system.Mcp(client.Token), id, "failed")).GetProperty("error");
            var error = WhatsAppErrors.Of(code);
            failed.GetProperty("reason").GetString().ShouldBe($"{error.Reason}:{code}");
            failed.GetProperty("message").GetString().ShouldBe($"{error.Text} {error.NextAction}");
        }

        (await system.QueryAsync<string[]>("SELECT array_agg(m.error_code) FROM contacts c JOIN messages m ON m.contact_id = c.id AND m.direction = 'Outbound' WHERE marketing_stopped_at IS NOT NULL"))
            .ShouldBe(["opted_out:131050"]);
    }

    [Fact]
    public async Task ATemporaryErrorPutsTheMessageBackByItsSchedule()
    {
        var sent = await InjectAsync([.. Codes[Retry], .. Codes[RetryPair], 1, 135000], count: 0);
        foreach (var (code, id) in sent)
        {
            var error = WhatsAppErrors.Of(code);
            var wait = await Eventually.GetAsync(
                $"code {code} is put off",
                () => system.QueryAsync<double>(
                    "SELECT CASE WHEN last_error = $2 THEN extract(epoch FROM run_at - now())::float8 + 60 * (attempts - 1) END FROM jobs WHERE subject_id = $1 AND lease_id IS NULL",
                    Guid(id), $"{error.Reason}:{code}"),
                seen => seen != 0);
            wait.ShouldBeLessThanOrEqualTo(error.Waits![^1].TotalSeconds + 60);
            if (error.Waits[0] > TimeSpan.FromMinutes(1))
            {
                wait.ShouldBeGreaterThan(error.Waits[0].TotalSeconds - 60);
            }

            (await system.QueryAsync<string>("SELECT state FROM messages WHERE id = $1", Guid(id))).ShouldBeOneOf("Queued", "Sending");
        }
    }

    [Fact]
    public async Task AServerErrorThatMayHaveSentTheMessageLeavesItUnknown()
    {
        foreach (var (_, id) in await InjectAsync([2, 131000, 131016, 131057, 133004]))
        {
            await MessageTests.StateAsync(system.Mcp(client.Token), id, "unknown");
        }
    }

    [Fact]
    public async Task AnErrorOfTheWholeNumberStopsItUntilAnOperatorResumesIt()
    {
        foreach (var code in Codes[StopNumber])
        {
            var (_, id) = (await InjectAsync([code])).Single();
            var reason = $"{WhatsAppErrors.Of(code).Reason}:{code}";
            await Eventually.TrueAsync($"stopped by {code}", async () => await StoppedAsync() == reason);
            (await system.QueryAsync<string>("SELECT m.state || ' ' || j.attempts || ' ' || j.last_error FROM messages m JOIN jobs j ON j.subject_id = m.id WHERE m.id = $1", Guid(id)))
                .ShouldBe($"Queued 0 {reason}");

            await system.Console.RunAsync((ResumeChannel verb) => verb.ExecuteAsync(client.Channel.Name, default));

            await MessageTests.StateAsync(system.Mcp(client.Token), id, "read");
        }

        (await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'channel_stopped'")).ShouldBe(Codes[StopNumber].Length);
        (await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'channel_resumed'")).ShouldBe(Codes[StopNumber].Length);
    }

    [Fact]
    public async Task ASpamLimitPausesTheWholeNumber()
    {
        var (_, id) = (await InjectAsync([131048])).Single();
        await Eventually.TrueAsync("paused", async () => await system.QueryAsync<double>(
            "SELECT extract(epoch FROM tat - now())::float8 FROM pacing WHERE subject = 'number:' || $1::text", client.Channel.Id.Value) > 3000);
        var other = await system.Mcp(client.Token).ResultAsync("send_message", new { channel = client.Channel.Name, to = "15550100100", text = "waits" });
        (await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind = 'Deliver'")).ShouldBe(2);
        (await system.Sandbox.SendsToAsync(id)).Count.ShouldBe(1);
        (await system.Sandbox.SendsToAsync(other.GetProperty("messageId").GetString()!)).ShouldBeEmpty();
    }

    [Fact]
    public async Task TooManyRequestsSaidByAPageThatIsNoJsonIsTriedAgain()
    {
        var to = await CustomerAsync();
        await system.Sandbox.FaultAsync(new JsonObject
        {
            ["mode"] = "garbage",
            ["httpStatus"] = 429,
            ["count"] = 1,
            ["match"] = new JsonObject { ["to"] = to },
        });
        var id = await SendAsync(to);
        await MessageTests.StateAsync(system.Mcp(client.Token), id, "read");
        (await system.Sandbox.SendsToAsync(id)).Count.ShouldBe(2);
    }

    private static Guid Guid(string id) =>
        WaMcp.Domain.Data.TypedId.TryParse<WaMcp.Domain.Messages.MessageId>(id, out var parsed) ? parsed.Value : throw new ArgumentException(id);

    private Task<string?> StoppedAsync() => system.QueryAsync<string>("SELECT stopped_reason FROM channels WHERE id = $1", client.Channel.Id.Value);

    // One message each, to a person of its own, who meets the code so many times (0: for ever).
    private async Task<List<(int Code, string Id)>> InjectAsync(int[] codes, int count = 1)
    {
        var sent = new List<(int, string)>();
        foreach (var code in codes)
        {
            var to = await CustomerAsync();
            await system.Sandbox.FaultAsync(new JsonObject { ["code"] = code, ["count"] = count, ["match"] = new JsonObject { ["to"] = to } });
            sent.Add((code, await SendAsync(to)));
        }

        return sent;
    }

    private async Task<string> SendAsync(string to)
    {
        var message = await system.Mcp(client.Token).ResultAsync("send_message", new { channel = client.Channel.Name, to, text = "injected" });
        return message.GetProperty("messageId").GetString()!;
    }

    private async Task<string> CustomerAsync()
    {
        var phone = $"1555{Random.Shared.NextInt64(1_000_000, 9_999_999)}";
        await system.Sandbox.WriteAsync("hello", from: phone);
        return phone;
    }
}
