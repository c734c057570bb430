using System.Text.Json;
using ModelContextProtocol.Client;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Media;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.CrossTenant;

/// <summary>
/// The canonical regression: with a key of client A there is no way to anything of client B, and no way to learn that there is a B.
/// What Postgres and the data layer hold of this is in <see cref="RowsOfAnotherClientTests"/>.
/// </summary>
[Collection(SharedSystemTests.Name)]
public sealed class IsolationTests(TwoTenants tenants) : IClassFixture<TwoTenants>
{
    /// <summary>The parameters of all tools that name a record: whose.</summary>
    private static readonly Dictionary<string, Func<Tenant, string>> Records = new()
    {
        ["channel"] = tenant => tenant.Channel.Id.ToString(),
        ["messageId"] = tenant => tenant.Received,
        ["conversationId"] = tenant => tenant.Conversation,
        ["before"] = tenant => tenant.Sent,
        ["contactId"] = tenant => tenant.Contact,
        ["nextContact"] = tenant => tenant.Contact,
        ["replyTo"] = tenant => tenant.Received,
        ["mediaId"] = tenant => tenant.Media,
        ["resource"] = tenant => $"wamcp://media/{tenant.Media}",
    };

    /// <summary>The parameters that name no record.</summary>
    private static readonly HashSet<string> Values =
    [
        "to", // whoever it is, the message goes over a channel of the caller's own
        "name", // of a template of the channel's account, or of a place
        "idempotencyKey", // a word of the caller's own: IdempotencyTests show that it is
        "text", "previewUrl", "limit", "dryRun", "waitSeconds", "contacts", "language", "header", "footer", "body", "buttons", "type", "url",
        "data", "mimeType", "fileName", "caption", "voice", "list", "link", "requestContactInfo", "latitude", "longitude", "address", "emoji",
        "typing", "all", "limitedTimeOffer", "cards", "query", "direction", "from", "until", "earlier", "later", "timeoutSeconds", "unread", "find",
        "since", // how far the caller read of its own: SinceTests show that another's cursor gives nothing of the other
        "next", // a time: ListsTests
        "person", // whoever it is, it is the caller's own contact
    ];

    /// <summary>Valid arguments, for tools that require them or that want one of several.</summary>
    private static readonly Dictionary<string, Dictionary<string, object>> Arguments = new()
    {
        ["send_message"] = new() { ["text"] = "hello again" },
        ["send_template"] = new() { ["name"] = "hello_world" },
        ["send_media"] = new() { ["type"] = "image", ["data"] = Convert.ToBase64String(FilesOf.Png) },
        ["send_interactive"] = new() { ["text"] = "hello again", ["requestContactInfo"] = true },
        ["send_location"] = new() { ["latitude"] = 1, ["longitude"] = 2 },
        ["send_reaction"] = new() { ["emoji"] = "👍" },
        ["search_messages"] = new() { ["query"] = "hello" },
        ["wait_for_reply"] = new() { ["timeoutSeconds"] = 1 },
    };

    /// <summary>Tools that want one of several records: which is given when the call is not about it.</summary>
    private static readonly Dictionary<string, string> OneOf = new()
    {
        ["get_messages"] = "channel",
        ["get_contact"] = "contactId",
        ["wait_for_reply"] = "conversationId",
    };

    private static readonly string[] NamesOfAChannel = ["id", "name", "phone number id"];

    private readonly Tenant a = tenants.A;
    private readonly Tenant b = tenants.B;

    public static TheoryData<string> MalformedIds =>
    [
        "", " ", "0", "*", "%", "'", "null", "../..", "msg_", "msg_zzz", "msg_80000000000000000000000000", "key_00000000000000000000000000",
        "00000000-0000-7000-8000-000000000000", "\u0000", "\ud83d\ude00", new string('0', 26), new string('x', 5_000),
    ];

    public static TheoryData<string> NamesOfChannels => [.. NamesOfAChannel];

    [Theory]
    [MemberData(nameof(NamesOfChannels))]
    public async Task WithTheKeyOfAGetMessagesOnTheNumberOfBIsGrantDenied(string by) =>
        ShouldBeGrantDenied(await a.Mcp.CallAsync("get_messages", new { channel = Named(b.Channel, by) }));

    [Theory]
    [MemberData(nameof(NamesOfChannels))]
    public async Task WithTheKeyOfASendMessageToANumberNotGrantedIsGrantDenied(string by)
    {
        var text = $"never {Guid.NewGuid():N}";
        ShouldBeGrantDenied(await a.Mcp.CallAsync("send_message", new { channel = Named(b.Channel, by), to = b.Phone, text }));
        (await tenants.System.QueryAsync<long>("SELECT count(*) FROM messages WHERE body = $1", text)).ShouldBe(0);
    }

    [Fact]
    public async Task EveryToolAnswersAForeignIdByteForByteAsOneThatNeverWas()
    {
        foreach (var (tool, parameter, own) in await RecordParametersAsync())
        {
            foreach (var foreign in Foreign(parameter))
            {
                var unknown = Neighbour(foreign);
                var answers = new[] { await CallAsync(foreign), await CallAsync(unknown) };

                answers[0].Status.ShouldBe(answers[1].Status, $"{tool}, {parameter}");
                answers[0].Body.Replace(Id(foreign), Id(unknown), StringComparison.Ordinal).ShouldBe(answers[1].Body, $"{tool}, {parameter}");
                answers[0].Headers.Select(header => header.Key).ShouldBe(answers[1].Headers.Select(header => header.Key));
                ShouldHoldNothingOfB(answers[0].Body.Replace(Id(foreign), "", StringComparison.Ordinal), $"{tool}, {parameter}");

                Task<RawAnswer> CallAsync(string id) => a.Mcp.CallAsync(tool, new Dictionary<string, object>(own) { [parameter] = id });
            }
        }
    }

    [Fact]
    public async Task ARevokedGrantLooksLikeAChannelThatNeverWas()
    {
        var client = await tenants.System.Console.OnboardAsync();
        await tenants.System.Console.RevokeGrantAsync(client.Client, client.Channel);
        Task<RawAnswer> CallAsync(string channel) => tenants.System.Mcp(client.Token).CallAsync("get_messages", new { channel });

        (await CallAsync(client.Channel.Name)).Body.ShouldBe((await CallAsync("no-such-channel")).Body);
    }

    [Theory]
    [MemberData(nameof(MalformedIds))]
    public async Task EveryToolRefusesAMalformedId(string id)
    {
        foreach (var (tool, parameter, own) in await RecordParametersAsync())
        {
            var answer = await a.Mcp.CallAsync(tool, new Dictionary<string, object>(own) { [parameter] = id });

            answer.IsError.ShouldBeTrue($"{tool}, {parameter}: {answer}");
            answer.Reason.ShouldBe(parameter == "channel" ? "grant_denied" : "invalid_input", $"{tool}, {parameter}");
        }
    }

    [Theory]
    [InlineData("upper case")]
    [InlineData("as a UUID")]
    [InlineData("with a space")]
    [InlineData("under another prefix")]
    public async Task AForeignIdWrittenOtherwiseIsNoWayAround(string otherwise)
    {
        foreach (var (tool, parameter, own) in await RecordParametersAsync())
        {
            foreach (var foreign in Foreign(parameter))
            {
                var written = otherwise switch
                {
                    "upper case" => foreign.ToUpperInvariant(),
                    "as a UUID" => TypedId.TryParse<MessageId>($"msg_{foreign.Split('_')[^1]}", out var id) ? id.Value.ToString() : b.Channel.Id.Value.ToString(),
                    "with a space" => $" {foreign}",
                    _ => foreign.Replace("msg_", "con_", StringComparison.Ordinal).Replace("chn_", "msg_", StringComparison.Ordinal),
                };
                var answer = await a.Mcp.CallAsync(tool, new Dictionary<string, object>(own) { [parameter] = written });
                ShouldHoldNothingOfB(answer.Body.Replace(Id(written), "", StringComparison.Ordinal), $"{tool}, {parameter}");
            }
        }
    }

    [Fact]
    public async Task ACursorThatIsAForeignMessageOnlyMarksAMoment()
    {
        foreach (var cursor in new object[]
        {
            new { channel = a.Channel.Name, before = b.Received, limit = 100 }, new { channel = a.Channel.Name, before = b.Sent, limit = 100 },
        })
        {
            var page = (await a.Mcp.ResultAsync("get_messages", cursor)).GetProperty("messages");
            page.EnumerateArray().ShouldAllBe(message => message.GetProperty("channel").GetString() == a.Channel.Id.ToString());
            ShouldHoldNothingOfB(page.GetRawText(), cursor.ToString()!);
        }
    }

    [Fact]
    public async Task NothingThatAIsToldHoldsAnythingOfB()
    {
        await using var mcp = await a.Mcp.ConnectAsync();
        foreach (var tool in await mcp.ListToolsAsync())
        {
            var answer = await a.Mcp.CallAsync(tool.Name, Own(tool));
            answer.IsError.ShouldBeFalse(answer.ToString());
            ShouldHoldNothingOfB(answer.Body, tool.Name);
            ShouldHoldNothingOfB(tool.JsonSchema.GetRawText() + tool.Description, tool.Name);
            if (answer.Structured.TryGetProperty("state", out var state) && state.GetString() == "queued")
            {
                // So that nothing moves under the other tests. A reaction is never more than sent.
                var sent = answer.Structured.GetProperty("messageId").GetString()!;
                await MessageTests.StateAsync(a.Mcp, sent, tool.Name == "send_reaction" ? "sent" : "read");
            }
        }

        var capabilities = mcp.ServerCapabilities;
        (capabilities.Prompts, capabilities.Completions).ShouldBe(
            (null, null), "The server offers more than tools and resources now: say here that it, too, shows A nothing of B.");
        (await mcp.ListResourcesAsync()).ShouldBeEmpty();
        foreach (var template in await mcp.ListResourceTemplatesAsync())
        {
            ShouldHoldNothingOfB(template.UriTemplate + template.Description, "resources/templates/list");
        }
    }

    [Fact]
    public async Task AForeignResourceIsAnsweredByteForByteAsOneThatNeverWas()
    {
        var (foreign, unknown) = (b.Media, Neighbour(b.Media));
        var answers = new[] { await a.Mcp.ReadAsync($"wamcp://media/{foreign}"), await a.Mcp.ReadAsync($"wamcp://media/{unknown}") };

        answers[0].Status.ShouldBe(answers[1].Status);
        answers[0].Reason.ShouldBe("not_found");
        answers[0].Body.Replace(foreign, unknown, StringComparison.Ordinal).ShouldBe(answers[1].Body);
        (await a.Mcp.ReadAsync($"wamcp://media/{a.Media}")).Message.GetProperty("result").GetProperty("contents").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task CallsOfBothAtTheSameTimeStayApart() => await Parallel.ForEachAsync(Enumerable.Range(0, 100), async (call, _) =>
    {
        var (mine, theirs) = call % 2 == 0 ? (a, b) : (b, a);
        var messages = await mine.Mcp.ResultAsync("get_messages", new { channel = mine.Channel.Name, conversationId = mine.Conversation });
        messages.GetRawText().ShouldContain(mine.Received);
        messages.GetRawText().ShouldNotContain(theirs.Mark);
        messages.GetProperty("messages").EnumerateArray()
            .ShouldAllBe(message => message.GetProperty("conversationId").GetString() == mine.Conversation);
    });

    private static void ShouldBeGrantDenied(RawAnswer answer)
    {
        answer.Status.ShouldBe(403, answer.ToString());
        answer.ErrorCode.ShouldBe(-32001);
        answer.Reason.ShouldBe("grant_denied");
    }

    private void ShouldHoldNothingOfB(string answer, string whose)
    {
        foreach (var trace in b.Traces)
        {
            answer.ShouldNotContain(trace, customMessage: whose);
        }
    }

    /// <summary>Each parameter of a tool that names a record, with valid arguments of A's own for the rest.</summary>
    private async Task<List<(string Tool, string Parameter, Dictionary<string, object> Own)>> RecordParametersAsync()
    {
        await using var mcp = await a.Mcp.ConnectAsync();
        var tools = await mcp.ListToolsAsync();
        tools.SelectMany(tool => Names(tool.JsonSchema)).Except(Records.Keys).Except(Values).ShouldBeEmpty(
            $"Parameters that this test does not know. Add those that name a record to {nameof(Records)}, the others to {nameof(Values)}.");
        return [.. from tool in tools
                   from name in Names(tool.JsonSchema)
                   where Records.ContainsKey(name)
                   select (tool.Name, name, Own(tool, name))];
    }

    private static IEnumerable<string> Names(JsonElement schema) =>
        schema.TryGetProperty("properties", out var properties) ? properties.EnumerateObject().Select(property => property.Name) : [];

    private Dictionary<string, object> Own(McpClientTool tool, string? tried = null)
    {
        var own = new Dictionary<string, object>(Arguments.GetValueOrDefault(tool.Name) ?? []);
        if (tried is "mediaId" or "resource")
        {
            own.Remove("data"); // a file comes from one place
        }

        if (OneOf.TryGetValue(tool.Name, out var one) && tried != one)
        {
            own[one] = Records[one](a);
        }

        if (tool.JsonSchema.TryGetProperty("required", out var required))
        {
            foreach (var name in required.EnumerateArray().Select(name => name.GetString()!).Where(name => !own.ContainsKey(name)))
            {
                own[name] = Records.TryGetValue(name, out var record) ? record(a)
                    : name == "to" ? a.Phone
                    : throw new InvalidOperationException($"{tool.Name} requires '{name}': give it a valid value in {nameof(Arguments)}.");
            }
        }

        return own;
    }

    // What a channel is called by is an id as well.
    private string[] Foreign(string parameter) => parameter == "channel"
        ? [.. NamesOfAChannel.Select(by => Named(b.Channel, by))]
        : [Records[parameter](b)];

    private static string Named(Channel channel, string by) => by switch
    {
        "id" => channel.Id.ToString(),
        "name" => channel.Name,
        _ => channel.ProviderId,
    };

    // Of a resource's address, what an answer says back: the id.
    private static string Id(string reference) => reference[(reference.LastIndexOf('/') + 1)..];

    // The id next to it, so that as a cursor it marks the same moment.
    private static string Neighbour(string id) => id[..^1] + (id[^1] == '0' ? '1' : '0');
}
