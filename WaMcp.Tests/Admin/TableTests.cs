namespace WaMcp.Tests.Admin;

public sealed class TableTests
{
    [Fact]
    public async Task PipedRowsAreOneLineEachHoweverLongAndWithoutColour()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        var longName = new string('x', 200);
        await console.DoAsync("clients", "create", "--name", "long", "--display-name", longName);
        await console.DoAsync("grants", "add", "--client", "acme", "--phone", "support", "--tools", "ping,list_channels,send_message,get_message,get_messages");

        var clients = await console.RunAsync("clients", "list");
        clients.Lines.Length.ShouldBe(3);
        clients.Lines[2].ShouldContain(longName);
        clients.Out.ShouldNotContain("\u001b");
        var grants = await console.RunAsync("grants", "list");
        grants.Lines.Length.ShouldBe(2);
        grants.Lines[1].ShouldEndWith("get_message,get_messages,list_channels,ping,send_message");
    }

    [Fact]
    public async Task NamesCannotSteerTheTerminalOrBreakTheTable()
    {
        var console = await AdminConsole.StartAsync();
        await console.DoAsync("clients", "create", "--name", "acme", "--display-name", "two\nlines \u001b[31mred [bold]markup[/]");

        var run = await console.RunAsync("clients", "list");

        run.Lines.Length.ShouldBe(2);
        run.Lines[1].ShouldContain("two lines  [31mred [bold]markup[/]");
        (await console.DoAsync("clients", "list"))[0].GetProperty("displayName").GetString().ShouldBe("two\nlines \u001b[31mred [bold]markup[/]");
    }

    [Fact]
    public async Task AnEmptyListIsItsHeadings()
    {
        var console = await AdminConsole.StartAsync();

        foreach (var noun in new[] { "clients", "channels", "grants", "keys" })
        {
            var run = await console.RunAsync(noun, "list");
            run.ExitCode.ShouldBe(0);
            run.Lines.ShouldHaveSingleItem().ShouldStartWith("id  ");
        }
    }
}
