namespace WaMcp.Tests.Admin;

public sealed class ClientsTests
{
    [Fact]
    public async Task CreatesAClientAndShowsItAsATableOfOneLine()
    {
        var console = await AdminConsole.StartAsync();

        var run = await console.RunAsync("clients", "create", "--name", "acme-corp", "--display-name", "Acme Corp");

        run.ExitCode.ShouldBe(0);
        run.Err.ShouldBeEmpty();
        run.Lines.Length.ShouldBe(2);
        run.Lines[0].ShouldStartWith("id ");
        run.Lines[1].ShouldMatch("^cli_[0-9a-z]{26}  acme-corp  Acme Corp  -  +enabled");
    }

    [Fact]
    public async Task CreatesAClientAndGivesItAsAnObjectWithItsId()
    {
        var console = await AdminConsole.StartAsync();

        var run = await console.RunAsync("clients", "create", "--name", "acme-corp", "--display-name", "Acme Corp", "--output", "json");

        run.ExitCode.ShouldBe(0);
        run.Err.ShouldBeEmpty();
        run.Json.GetProperty("id").GetString().ShouldStartWith("cli_");
        run.Json.GetProperty("slug").GetString().ShouldBe("acme-corp");
        run.Json.GetProperty("displayName").GetString().ShouldBe("Acme Corp");
        run.Json.GetProperty("isOwner").GetBoolean().ShouldBeFalse();
        run.Json.GetProperty("enabled").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task ListsClientsOldestFirst()
    {
        var console = await AdminConsole.StartAsync();
        (await console.DoAsync("clients", "list")).GetArrayLength().ShouldBe(0);
        await console.DoAsync("clients", "create", "--name", "zebra", "--display-name", "Z", "--owner");
        await console.DoAsync("clients", "create", "--name", "ant", "--display-name", "A");

        (await console.DoAsync("clients", "list")).EnumerateArray().Select(client => client.GetProperty("slug").GetString()).ShouldBe(["zebra", "ant"]);
        var table = await console.RunAsync("clients", "list");
        table.Lines.Length.ShouldBe(3);
        table.Lines[1].ShouldContain("  owner  enabled");
        table.Lines[2].ShouldContain("  -      enabled");
    }

    [Theory]
    [InlineData("slug")]
    [InlineData("id")]
    public async Task DisablesAndEnablesBySlugAndByIdAlike(string name)
    {
        var console = await AdminConsole.StartAsync();
        var created = await console.DoAsync("clients", "create", "--name", "acme", "--display-name", "Acme");
        var client = created.GetProperty(name).GetString()!;

        var disabled = await console.DoAsync("clients", "disable", client);
        disabled.GetProperty("enabled").GetBoolean().ShouldBeFalse();
        disabled.GetProperty("disabledAt").GetDateTimeOffset().ShouldBeGreaterThan(DateTimeOffset.UtcNow.AddMinutes(-5));
        (await console.RunAsync("clients", "list")).Lines[1].ShouldContain("disabled");

        (await console.DoAsync("clients", "enable", client)).GetProperty("enabled").GetBoolean().ShouldBeTrue();
        (await console.RunAsync("clients", "enable", client)).Lines[1].ShouldContain("enabled");
    }

    [Fact]
    public async Task ASecondOwnerIsRefused()
    {
        var console = await AdminConsole.StartAsync();
        await console.DoAsync("clients", "create", "--name", "us", "--display-name", "Us", "--owner");

        (await console.RunAsync("clients", "create", "--name", "them", "--display-name", "Them", "--owner")).ShouldFail(4, "an owner already", "admin clients list");
        (await console.DoAsync("clients", "list")).GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task ANameThatExistsIsAConflict()
    {
        var console = await AdminConsole.StartAsync();
        await console.DoAsync("clients", "create", "--name", "acme", "--display-name", "Acme");

        (await console.RunAsync("clients", "create", "--name", "acme", "--display-name", "Acme")).ShouldFail(4, "'acme' exists already", "--name");
    }

    [Theory]
    [InlineData("Acme")]
    [InlineData("a")]
    [InlineData("acme corp")]
    [InlineData("acme--corp")]
    [InlineData("ácme")]
    public async Task ANameThatIsNotKebabCaseIsRefused(string name)
    {
        var console = await AdminConsole.StartAsync();

        (await console.RunAsync("clients", "create", "--name", name, "--display-name", "Acme")).ShouldFail(2, "--name:", name, "acme-corp");
    }

    [Fact]
    public async Task ADisplayNameIsNeitherEmptyNorALetter()
    {
        var console = await AdminConsole.StartAsync();
        foreach (var name in new[] { " ", new string('x', 201) })
        {
            (await console.RunAsync("clients", "create", "--name", "acme", "--display-name", name)).ShouldFail(2, "--display-name: must be 1 to 200 characters");
        }
    }

    [Fact]
    public async Task AnUnknownClientIsNotFound()
    {
        var console = await AdminConsole.StartAsync();

        (await console.RunAsync("clients", "disable", "nobody")).ShouldFail(3, "'nobody'", "admin clients list");
        (await console.RunAsync("clients", "enable", "cli_00000000000000000000000000")).ShouldFail(3, "cli_0000");
    }
}
