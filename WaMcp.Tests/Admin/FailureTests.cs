using Npgsql;
using WaMcp.Admin.Output;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Admin;

/// <summary>What an operator reads when the surroundings are wrong: one line, what to check, no secret, no stack trace.</summary>
public sealed class FailureTests
{
    private const string Password = "s3cret-passw0rd";

    [Fact]
    public async Task PostgresThatIsAwayIsUnavailable()
    {
        var port = FreePort.Next();

        await ShouldFailAsync($"Host=127.0.0.1;Port={port};Username=wa_app;Password={Password};Database=wamcp", "unavailable", $"127.0.0.1:{port} does not answer", "ConnectionStrings:wamcp");
    }

    [Fact]
    public async Task AHostThatNobodyKnowsIsUnavailable() =>
        await ShouldFailAsync($"Host=nowhere.invalid;Username=wa_app;Password={Password};Database=wamcp", "unavailable", "nowhere.invalid:5432 does not answer");

    [Fact]
    public async Task AWrongPasswordIsMisconfigured()
    {
        var console = await AdminConsole.StartAsync();

        await ShouldFailAsync(Changed(console, settings => settings.Password = Password), "misconfigured", "refuses the user 'wa_app'", "ConnectionStrings:wamcp");
    }

    [Fact]
    public async Task NoPasswordIsMisconfigured()
    {
        var console = await AdminConsole.StartAsync();

        await ShouldFailAsync(Changed(console, settings => settings.Password = null), "misconfigured", "does not accept the connection");
    }

    [Fact]
    public async Task ADatabaseThatDoesNotExistIsMisconfigured()
    {
        var console = await AdminConsole.StartAsync();

        await ShouldFailAsync(Changed(console, settings => settings.Database = "nosuch"), "misconfigured", "no database 'nosuch'");
    }

    [Fact]
    public async Task ADatabaseWithoutTheSchemaIsMisconfigured()
    {
        var console = await AdminConsole.StartAsync();

        await ShouldFailAsync(Changed(console, settings => settings.Database = "postgres"), "misconfigured", "admin db migrate");
    }

    [Fact]
    public async Task ARoleWithoutRightsIsMisconfigured()
    {
        var console = await AdminConsole.StartAsync();

        await ShouldFailAsync(Changed(console, settings => settings.Username = "wa_audit_archiver"), "misconfigured", "'wa_audit_archiver' may not", "the role wa_app");
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public async Task NoConnectionStringIsMisconfigured(string? connectionString) =>
        await ShouldFailAsync(connectionString, "misconfigured", "ConnectionStrings:wamcp is not set", "ConnectionStrings__wamcp");

    [Theory]
    [InlineData($"Host=127.0.0.1;Password=begin;{Password}")]
    [InlineData($"Host=127.0.0.1;Password=begin;{Password}=x")]
    [InlineData($"Host=127.0.0.1;Port={Password}")]
    [InlineData($"Host=127.0.0.1;SSL Mode={Password}")]
    [InlineData($"postgresql://wa_app:{Password}@127.0.0.1/wamcp")]
    public async Task AConnectionStringThatCannotBeReadIsMisconfiguredAndNotRepeated(string connectionString) =>
        await ShouldFailAsync(connectionString, "misconfigured", "ConnectionStrings:wamcp is not a connection string");

    [Fact]
    public async Task SecretFilesAreConfiguration()
    {
        var console = await AdminConsole.StartAsync();
        var folder = RunFolder.Create("secrets");
        await File.WriteAllTextAsync(Path.Combine(folder, "ConnectionStrings__wamcp"), console.Database.App + "\n");

        var bySetting = await AdminConsole.RunAsync(["clients", "list"], new Dictionary<string, string?> { ["Secrets:Directory"] = folder });
        bySetting.ExitCode.ShouldBe(0, bySetting.Err);
        var byCommandLine = await AdminConsole.RunAsync(["clients", "list", "--", $"Secrets:Directory={folder}"], new Dictionary<string, string?>());
        byCommandLine.ExitCode.ShouldBe(0, byCommandLine.Err);
    }

    [Fact]
    public void TheTextOfAnUnexpectedExceptionStaysInside()
    {
        var failure = Failure.Of(new InvalidOperationException($"Password={Password}", new ArgumentException(Password)), postgres: null);

        failure.ExitCode.ShouldBe(1);
        failure.Code.ShouldBe("internal_error");
        failure.ToString().ShouldNotContain(Password);
    }

    private static string Changed(AdminConsole console, Action<NpgsqlConnectionStringBuilder> change)
    {
        var settings = new NpgsqlConnectionStringBuilder(console.Database.App);
        change(settings);
        return settings.ConnectionString;
    }

    private static async Task ShouldFailAsync(string? connectionString, string code, params string[] words)
    {
        var settings = new Dictionary<string, string?> { ["ConnectionStrings:wamcp"] = connectionString };
        var forPeople = await AdminConsole.RunAsync(["clients", "list"], settings);
        forPeople.ShouldFail(1, words);
        forPeople.Err.ShouldNotContain(Password);
        forPeople.Err.ShouldNotContain("Exception");

        var forScripts = await AdminConsole.RunAsync(["clients", "list", "--output", "json"], settings);
        forScripts.ExitCode.ShouldBe(1);
        forScripts.Err.ShouldBeEmpty();
        forScripts.Error.GetProperty("code").GetString().ShouldBe(code);
        forScripts.Out.ShouldNotContain(Password);
    }
}
