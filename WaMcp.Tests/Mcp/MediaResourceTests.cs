using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Media;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.Mcp;

/// <summary>resources/read: whoever may call get_media, and nobody else.</summary>
[Collection(SharedSystemTests.Name)]
public sealed class MediaResourceTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    [Theory]
    [InlineData("2025-06-18")]
    [InlineData(null)]
    public async Task TheOfficialClientFindsTheTemplateAndReadsAFile(string? version)
    {
        var (talk, mediaId) = await SentAsync();
        await using var mcp = await talk.Mcp.ConnectAsync(version);

        (await mcp.ListResourceTemplatesAsync()).ShouldHaveSingleItem().UriTemplate.ShouldBe("wamcp://media/{mediaId}");
        (await mcp.ListResourcesAsync()).ShouldBeEmpty();
        var contents = (await mcp.ReadResourceAsync($"wamcp://media/{mediaId}")).Contents.ShouldHaveSingleItem().ShouldBeOfType<BlobResourceContents>();

        contents.DecodedData.ToArray().ShouldBe(FilesOf.Png);
        contents.MimeType.ShouldBe("image/png");
        var missing = await Should.ThrowAsync<McpProtocolException>(async () => await mcp.ReadResourceAsync("wamcp://media/med_01m80jsvaqf8ytf10fccgkmr6d"));
        missing.ErrorCode.ShouldBe(version is null ? McpErrorCode.InvalidParams : McpErrorCode.ResourceNotFound);
    }

    [Fact]
    public async Task EachReadLeavesOneRowWithIdsAndSpendsTheBudget()
    {
        var (talk, mediaId) = await SentAsync();
        const string agent = "the reader of a resource";
        var mcp = new McpDriver(new Uri(system.Server, "/mcp"), talk.Client.Token) { UserAgent = $"{agent} {mediaId}" };

        (await mcp.ReadAsync($"wamcp://media/{mediaId}")).IsError.ShouldBeFalse();
        (await mcp.ReadAsync("wamcp://elsewhere/1")).Reason.ShouldBe("invalid_input");

        var rows = await Eventually.GetAsync(
            "two rows",
            () => system.QueryAsync<string[]>(
                "SELECT array_agg(concat_ws(' ', action, tool_name, channel_id, error_code, metadata ->> 'media') ORDER BY id) FROM audit_log WHERE user_agent = $1 AND action <> 'key_used'",
                $"{agent} {mediaId}"),
            rows => rows?.Length == 2);
        rows.ShouldBe([$"tool_called resources/read {talk.Client.Channel.Id.Value} {mediaId}", "tool_called resources/read invalid_input"]);
        var (left, after) = (await mcp.ReadAsync($"wamcp://media/{mediaId}"), await mcp.ReadAsync($"wamcp://media/{mediaId}"));
        Remaining(after).ShouldBeLessThan(Remaining(left));

        static int Remaining(RawAnswer answer) =>
            int.Parse(answer.Headers.GetValues("RateLimit").Single().Split("r=")[1].Split(';')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task WithoutTheScopeOfGetMediaItIs403AndNoTemplateIsShown()
    {
        var (talk, mediaId) = await SentAsync();
        var (_, token) = await system.Console.MintAsync(talk.Client.Client, ["tools:ping", $"numbers:{talk.Client.Channel.Id}"]);

        var refused = await system.Mcp(token).ReadAsync($"wamcp://media/{mediaId}");

        refused.Status.ShouldBe(403);
        refused.Reason.ShouldBe("scope_denied");
        await using var mcp = await system.Mcp(token).ConnectAsync();
        (await mcp.ListResourceTemplatesAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task ARevokedGrantAndAGrantWithoutTheToolTakeItAway()
    {
        var (talk, mediaId) = await SentAsync();
        await system.Console.RevokeGrantAsync(talk.Client.Client, talk.Client.Channel);
        (await talk.Mcp.ReadAsync($"wamcp://media/{mediaId}")).Reason.ShouldBe("not_found");

        await system.Console.GrantAsync(talk.Client.Client, talk.Client.Channel, ["send_media"]);
        (await talk.Mcp.ReadAsync($"wamcp://media/{mediaId}")).Reason.ShouldBe("not_found");

        await system.Console.RevokeGrantAsync(talk.Client.Client, talk.Client.Channel);
        await system.Console.GrantAsync(talk.Client.Client, talk.Client.Channel, ["get_media"]);
        (await talk.Mcp.ReadAsync($"wamcp://media/{mediaId}")).IsError.ShouldBeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("wamcp://media/")]
    [InlineData("wamcp://media/7")]
    [InlineData("wamcp://media/../etc/passwd")]
    [InlineData("file:///etc/passwd")]
    public async Task WhatIsNoAddressOfAFileIsSaid(string uri)
    {
        var (talk, _) = await SentAsync();
        var answer = await talk.Mcp.ReadAsync(uri);
        answer.ErrorCode.ShouldBe(-32602, answer.ToString());
    }

    [Fact]
    public async Task AFileThatIsTooLargeForAnAnswerSaysWhatToDo()
    {
        var talk = await Talk.OpenAsync(system);
        var sent = await talk.SendAsync("send_media", new { type = "document", data = Convert.ToBase64String(FilesOf.Padded(FilesOf.Pdf, 4_000_000)) });
        var mediaId = sent.GetProperty("mediaIds")[0].GetString();
        await system.QueryAsync<object>("UPDATE media_objects SET size = 6000000 WHERE client_id = $1", talk.Client.Client.Id.Value);

        var answer = await talk.Mcp.ReadAsync($"wamcp://media/{mediaId}");

        answer.Reason.ShouldBe("invalid_input");
        answer.Error.GetProperty("message").GetString()!.ShouldContain("at most 5 MB");
        answer.Error.GetProperty("data").GetProperty("nextAction").GetString()!.ShouldContain("send_media");
    }

    private async Task<(Talk Talk, string MediaId)> SentAsync()
    {
        var talk = await Talk.OpenAsync(system);
        var sent = await talk.SendAsync("send_media", new { type = "image", data = Convert.ToBase64String(FilesOf.Png) });
        return (talk, sent.GetProperty("mediaIds")[0].GetString()!);
    }
}
