using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using WaMcp.Tests.Drivers;

namespace WaMcp.Tests.Auth;

/// <summary>
/// Thousands of requests that are nearly right. None of them is answered with a failure of ours, none opens what its key does not, and
/// afterwards no token is written down anywhere. A failure names the seed and the case; <c>WAMCP_FUZZ_SEED</c> repeats it.
/// </summary>
[Collection(AttackedSystemTests.Name)]
public sealed partial class FuzzTests(Prey prey) : IClassFixture<Prey>
{
    // Kestrel's limit; it hangs up in the middle of more.
    private const int MostHeaderBytes = 32 * 1024;

    private readonly RawHttp http = new(prey.System.Server);

    [Fact]
    public async Task OnlyAKnownTokenInOneBearerHeaderOpens()
    {
        var dice = new Dice(1);
        await RunAsync(1_500, () =>
        {
            var (lines, how) = Headers.Next(dice, prey);
            var path = dice.OneIn(20) ? $"/mcp?key={dice.Pick(prey.Tokens)}" : "/mcp";
            var opens = Headers.Open(lines, prey);
            return new Case(how, RawHttp.Post(path, [.. lines, .. Bodies.Lines("ping", false)], Bodies.Utf8(Bodies.Call("ping", []))), answer =>
                opens != answer.Body.Contains("pong", StringComparison.Ordinal) ? $"opened: {!opens}"
                : opens ? (answer.Status == 200 ? null : "a key that opens")
                : answer.Status is 0 or 400 or 401 or 431 ? null : "neither 400, 401 nor 431");
        });
    }

    [Fact]
    public async Task NoNameOfAToolOpensMoreThanTheScopes()
    {
        var dice = new Dice(2);
        string[] names = [.. ConsoleDriver.AllTools, "tools/call", "tools:*", "*", "initialize", "admin", prey.PingOnly];
        await RunAsync(600, echoes: true, next: () =>
        {
            var (name, how) = dice.OneIn(3) ? (dice.Trouble(), "trouble") : dice.OneIn(8) ? (dice.Pick(names), "plain") : dice.Spoil(dice.Pick(names));
            var token = dice.Pick(prey.PingOnly, prey.PingOnly, prey.Owner);
            var isStateless = dice.OneIn(3);
            var body = Bodies.Call(name, name == "ping" ? [] : new JsonObject { ["channel"] = prey.Foreign.Channel.Name }, isStateless);
            return new Case($"tool name: {how}", RawHttp.Post("/mcp", [Key(token), .. Bodies.Lines(name, isStateless)], Bodies.Utf8(body)), answer =>
                Succeeded(answer) == (name == "ping") ? null : $"ran: {Succeeded(answer)}");
        });
    }

    [Fact]
    public async Task NoNameOfAChannelOpensMoreThanTheGrants()
    {
        var dice = new Dice(3);
        string[] own = [prey.Client.Channel.Id.ToString(), prey.Client.Channel.Name, prey.Client.Channel.ProviderId];
        string[] foreign = [prey.Foreign.Channel.Id.ToString(), prey.Foreign.Channel.Name, prey.Foreign.Channel.ProviderId];
        await RunAsync(800, () =>
        {
            var arguments = new StringBuilder();
            var given = new List<string>();
            for (var i = dice.Below(3); i >= 0; i--)
            {
                var value = dice.OneIn(4) ? dice.Pick(own) : dice.OneIn(3) ? dice.Pick(foreign) : dice.OneIn(3) ? dice.Trouble() : dice.Spoil(dice.Pick([.. own, .. foreign])).Text;
                var word = dice.OneIn(5) ? dice.Spoil("channel").Text : dice.Pick("channel", "channel", "phoneNumberId", "phone_number_id", "phone", "Channel");
                given.Add(value);
                arguments.Append(arguments.Length > 0 ? "," : "").Append(JsonSerializer.Serialize(word)).Append(':')
                    .Append(dice.OneIn(8) ? dice.Pick(Bodies.Values) : JsonSerializer.Serialize(value));
            }

            return new Case("channel", Call("get_messages", $"{{{arguments}}}"), answer =>
                Succeeded(answer) && !given.Intersect(own).Any() ? "messages without a granted channel" : null);
        });
    }

    [Fact]
    public async Task NoIdOpensAnotherClientsRecords()
    {
        var dice = new Dice(4);
        await RunAsync(800, () =>
        {
            var known = dice.Pick(prey.OwnMessage, prey.ForeignMessage, prey.Client.Channel.Id.ToString(), prey.Client.Key.Id.ToString(), dice.Pick(prey.Tokens));
            var id = dice.OneIn(5) ? dice.Trouble() : dice.OneIn(5) ? known : dice.Spoil(known).Text;
            var written = dice.OneIn(10) ? dice.Pick(Bodies.Values) : JsonSerializer.Serialize(id);
            var channel = JsonSerializer.Serialize(prey.Client.Channel.Name);
            var (tool, arguments) = dice.Below(3) switch
            {
                0 => ("get_message", $$"""{"messageId":{{written}}}"""),
                1 => ("get_messages", $$"""{"channel":{{channel}},"conversationId":{{written}}}"""),
                _ => ("get_messages", $$"""{"channel":{{channel}},"{{dice.Pick("since", "before")}}":{{written}}}"""),
            };
            return new Case("id", Call(tool, arguments), answer =>
                tool == "get_message" && Succeeded(answer) && id != prey.OwnMessage ? "a message that is not the client's" : null);
        });
    }

    [Fact]
    public async Task NoBodyAroundAToolCallIsAFailureOfOurs()
    {
        var dice = new Dice(5);
        await RunAsync(1_200, () =>
        {
            var isStateless = dice.OneIn(3);
            var (lines, body, how) = Bodies.Next(dice, prey, isStateless);
            return new Case($"body: {how}", RawHttp.Post("/mcp", [Key(prey.Client.Token), .. lines], body), _ => null);
        });
    }

    /// <summary>Makes the cases, one after the other, so that the seed says which they are; sends them side by side.</summary>
    /// <param name="count">How many.</param>
    /// <param name="next">Makes one.</param>
    /// <param name="echoes">Whether an answer may repeat what was asked: a caller that sends a token as a tool's name is told its own words.</param>
    private async Task RunAsync(int count, Func<Case> next, bool echoes = false)
    {
        var cases = Enumerable.Range(0, count).Select(number => (number, next())).ToList();
        var complaints = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (each, _) =>
        {
            var (number, request) = each;
            var answer = await http.SendAsync(request.Request);
            if (!echoes)
            {
                prey.Leaks.Keep(answer.Body);
            }

            if ((Failure(answer, request.Request.Length) ?? request.Judge(answer)) is { } complaint)
            {
                complaints.Enqueue($"case {number} ({request.What}): HTTP {answer.Status}, {complaint}");
            }
        });

        complaints.Concat(await prey.Leaks.LookAsync()).ShouldBeEmpty($"WAMCP_FUZZ_SEED={Dice.Seed}");
    }

    private static string Key(string token) => $"Authorization: Bearer {token}";

    private byte[] Call(string tool, string arguments) => RawHttp.Post(
        "/mcp",
        [Key(prey.Client.Token), .. Bodies.Lines(tool, isStateless: false)],
        Encoding.UTF8.GetBytes(
            $$"""{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"{{tool}}","arguments":{{arguments}}}""" + "}"));

    // What no request may ever be answered with.
    private string? Failure(RawHttpAnswer answer, int length) =>
        answer.Status >= 500 || (answer.Status == 0 && length < MostHeaderBytes) ? "a failure of ours"
        : StackTrace().IsMatch(answer.Body) ? "a stack trace"
        : answer.Body.Contains(prey.ForeignMark, StringComparison.Ordinal) ? "what another client was told"
        : answer.Json is { } json && Reason(json) is "internal_error" or "unavailable" ? "a failure of ours as a result"
        : null;

    private static string? Reason(string json)
    {
        var message = JsonNode.Parse(json)!;
        return message["error"] is { } error
            ? (error["code"]!.GetValue<int>() == -32603 ? "internal_error" : error["data"]?["reason"]?.GetValue<string>())
            : message["result"]?["isError"]?.GetValue<bool>() == true ? message["result"]!["structuredContent"]?["reason"]?.GetValue<string>() : null;
    }

    private static bool Succeeded(RawHttpAnswer answer) =>
        answer.Json is { } json && JsonNode.Parse(json)!["result"] is { } result && result["isError"]?.GetValue<bool>() != true;

    [GeneratedRegex(@"   at \w+\.|System\.\w+Exception|Npgsql\.|Microsoft\.\w+")]
    private static partial Regex StackTrace();

    /// <param name="What">For people: what is wrong with it. Never the request itself, which holds a token.</param>
    /// <param name="Request">The bytes.</param>
    /// <param name="Judge">What is wrong with the answer; null when nothing is.</param>
    private sealed record Case(string What, byte[] Request, Func<RawHttpAnswer, string?> Judge);
}
