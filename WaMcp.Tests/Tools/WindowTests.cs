using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Tools;

[Collection(SharedSystemTests.Name)]
public sealed class WindowTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    [Fact]
    public async Task AWindowIsUnknownThenOpenThenClosed()
    {
        var talk = await Talk.BeginAsync(system);
        var window = (await talk.SendAsync("send_message", new { text = "hi" })).GetProperty("window");
        window.GetProperty("state").GetString().ShouldBe("unknown");
        window.TryGetProperty("until", out _).ShouldBeFalse();

        await talk.HearAsync();
        window = (await talk.SendAsync("send_message", new { text = "hi" })).GetProperty("window");
        window.GetProperty("state").GetString().ShouldBe("open");
        window.GetProperty("until").GetDateTimeOffset().ShouldBeInRange(DateTimeOffset.UtcNow.AddHours(23), DateTimeOffset.UtcNow.AddHours(24));

        await talk.LetPassAsync(TimeSpan.FromHours(23.9));
        await talk.SendAsync("send_message", new { text = "just in time" });
        await talk.LetPassAsync(TimeSpan.FromHours(24));
        window = (await talk.SendAsync("send_template", new { name = "hello_world" })).GetProperty("window");
        window.GetProperty("state").GetString().ShouldBe("closed");
    }

    [Fact]
    public async Task WhateverIsNoTemplateIsRefusedInAClosedWindowWithTheTemplatesThatAreNot()
    {
        var talk = await Talk.BeginAsync(system);
        var heard = await talk.HearAsync();
        await talk.LetPassAsync(TimeSpan.FromHours(25));
        var before = await talk.RowsAsync();
        foreach (var (tool, arguments) in new (string, object)[]
        {
            ("send_message", new { text = "hi" }),
            ("send_location", new { latitude = 1, longitude = 1 }),
            ("send_interactive", new { text = "hi", requestContactInfo = true }),
            ("send_reaction", new { messageId = heard, emoji = "👍" }),
        })
        {
            var refused = await talk.TryAsync(tool, arguments);
            refused.Status.ShouldBe(200);
            refused.Reason.ShouldBe("window_closed", tool);
            refused.Structured.GetProperty("nextAction").GetString()!.ShouldContain("appointment_reminder");
        }

        (await talk.RowsAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task WhoStoppedMarketingGetsNoneOfItAndEverythingElse()
    {
        var talk = await Talk.BeginAsync(system);
        await talk.HearAsync();
        await talk.StopMarketingAsync();
        var sale = new
        {
            name = "autumn_sale",
            header = new { image = new { mediaId = Domain.Data.TypedId.New<Domain.Media.MediaObjectId>().ToString() } },
            body = new[] { new { text = "Ada" }, new { text = "25%" } },
            buttons = new[] { new { index = 0, value = "autumn" } },
        };
        (await talk.TryAsync("send_template", sale)).Reason.ShouldBe("opted_out");
        await talk.SendAsync("send_template", new { name = "hello_world" });
        await talk.SendAsync("send_message", new { text = "an answer" });
    }

    [Fact]
    public async Task ACodeNeedsAPhoneNumber()
    {
        var talk = await Talk.BeginAsync(system);
        var refused = await talk.TryAsync("send_template", new { to = "US.13491208655302741918", name = "login_code", body = new[] { new { text = "123456" } } });
        refused.Reason.ShouldBe("phone_needed");
        await talk.SendAsync("send_template", new { to = "US.13491208655302741918", name = "hello_world" });
    }
}
