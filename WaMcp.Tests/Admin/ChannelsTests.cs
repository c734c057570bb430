using Microsoft.Extensions.Configuration;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Channels.WhatsApp;
using WaMcp.Domain.Data;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Admin;

public sealed class ChannelsTests
{
    private static readonly string[] Byoa =
        ["channels", "add", "--name", "acme-own", "--phone-number-id", "100000000000009", "--display-phone", "+1 555 010 0009"];

    [Fact]
    public async Task AddsAPlatformNumberAndListsIt()
    {
        var console = await AdminConsole.StartAsync();
        var table = await console.RunAsync(
            "channels", "add", "--name", "support", "--phone-number-id", "100000000000001", "--display-phone", "+1 555 010 0001",
            "--waba-id", "200000000000001", "--kind", "whatsapp", "--profile", "platform");
        table.ExitCode.ShouldBe(0);
        table.Lines[1].ShouldMatch(@"^chn_[0-9a-z]{26}  support  whatsapp  platform  100000000000001  200000000000001  \+1 555 010 0001 ");

        var listed = (await console.DoAsync("channels", "list")).EnumerateArray().ShouldHaveSingleItem();
        listed.GetProperty("id").GetString().ShouldStartWith("chn_");
        listed.GetProperty("kind").GetString().ShouldBe("whatsapp");
        listed.GetProperty("profile").GetString().ShouldBe("platform");
        listed.GetProperty("phoneNumberId").GetString().ShouldBe("100000000000001");
        listed.GetProperty("wabaId").GetString().ShouldBe("200000000000001");
        listed.GetProperty("displayPhone").GetString().ShouldBe("+1 555 010 0001");
        (await console.RunAsync("channels", "list")).Lines.Length.ShouldBe(2);
    }

    [Fact]
    public async Task PacesANumberAndShowsIt()
    {
        var console = await AdminConsole.StartAsync();
        await console.DoAsync("channels", "add", "--name", "support", "--phone-number-id", "100000000000001", "--display-phone", "+1 555 010 0001");
        (await console.DoAsync("channels", "list"))[0].GetProperty("messagesPerSecond").GetInt32().ShouldBe(80);

        (await console.DoAsync("channels", "pace", "support", "1000")).GetProperty("messagesPerSecond").GetInt32().ShouldBe(1000);

        (await console.RunAsync("channels", "list")).Lines[1].ShouldContain("  1000  ");
        (await console.Database.ReadAsync<string>("SELECT concat_ws(' ', metadata->>'before', metadata->>'messages_per_second') FROM audit_log WHERE action = 'channel_paced'"))
            .ShouldBe(["80 1000"]);
        (await console.RunAsync("channels", "pace", "support", "1001")).ShouldFail(2, "messages-per-second", "1 to 1000");
        (await console.RunAsync("channels", "pace", "support", "0")).ShouldFail(2, "1 to 1000");
        (await console.RunAsync("channels", "pace", "support", "fast")).ShouldFail(2, "not a whole number");
    }

    [Fact]
    public async Task SealsTheCredentialsOfAByoaChannel()
    {
        const string token = "EAAGm0PX4ZCpsBAexample";
        const string secret = "0123456789abcdef0123456789abcdef";
        var console = await AdminConsole.StartAsync();
        var folder = RunFolder.Create("credentials");
        await File.WriteAllTextAsync(Path.Combine(folder, "token"), $"{token}\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "secret"), secret);

        var run = await console.RunAsync(
            [.. Byoa, "--profile", "byoa", "--access-token-file", Path.Combine(folder, "token"), "--app-secret-file", Path.Combine(folder, "secret"), "--output", "json"]);

        run.ExitCode.ShouldBe(0, run.Out + run.Err);
        run.Json.GetProperty("profile").GetString().ShouldBe("byoa");
        (run.Out + run.Err).ShouldNotContain(token);
        (run.Out + run.Err).ShouldNotContain(secret);
        (await WholeDatabase.TextAsync(console.Database)).ShouldNotHold(token, secret);

        TypedId.TryParse<ChannelId>(run.Json.GetProperty("id").GetString(), out var id).ShouldBeTrue();
        var box = new SecretBox(new ConfigurationBuilder().AddInMemoryCollection(console.Settings).Build());
        var sealedToken = (await console.Database.ReadAsync<byte[]>("SELECT access_token_sealed FROM channels")).Single();
        var sealedSecret = (await console.Database.ReadAsync<byte[]>("SELECT app_secret_sealed FROM channels")).Single();
        box.Open(sealedToken, WhatsAppCredentials.Purpose(id, "access_token")).ShouldBe(token);
        box.Open(sealedSecret, WhatsAppCredentials.Purpose(id, "app_secret")).ShouldBe(secret);
    }

    [Fact]
    public async Task ByoaNeedsBothCredentialsAndPlatformNone()
    {
        var console = await AdminConsole.StartAsync();
        var file = Path.Combine(RunFolder.Create("credentials"), "token");
        await File.WriteAllTextAsync(file, "EAAG");

        (await console.RunAsync([.. Byoa, "--profile", "byoa"])).ShouldFail(2, "--access-token-file: missing");
        (await console.RunAsync([.. Byoa, "--access-token-file", file])).ShouldFail(2, "--app-secret-file: missing");
        (await console.RunAsync([.. Byoa, "--app-secret-file", file])).ShouldFail(2, "--access-token-file: missing");
        (await console.RunAsync([.. Byoa, "--profile", "platform", "--access-token-file", file, "--app-secret-file", file])).ShouldFail(2, "--profile:", "byoa");
        (await console.RunAsync([.. Byoa, "--access-token-file", "-", "--app-secret-file", "-"])).ShouldFail(2, "--app-secret-file:", "standard input");
        (await console.DoAsync("channels", "list")).GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task ACredentialFileHoldsTheCredentialAndNothingElse()
    {
        var console = await AdminConsole.StartAsync();
        var folder = RunFolder.Create("credentials");
        var good = await WriteAsync("good", "EAAG");

        (await RunAsync(Path.Combine(folder, "absent"))).ShouldFail(2, "--access-token-file:", "cannot be read");
        (await RunAsync(folder)).ShouldFail(2, "--access-token-file:", "cannot be read");
        (await RunAsync(await WriteAsync("empty", " \n"))).ShouldFail(2, "--access-token-file:", "is empty");
        var two = await RunAsync(await WriteAsync("two", "EAAGfirst\nEAAGsecond"));
        two.ShouldFail(2, "--access-token-file:", "more than one word");
        two.Err.ShouldNotContain("EAAG");
        (await RunAsync(await WriteAsync("long", new string('x', 100_000)))).ShouldFail(2, "--access-token-file:", "too long");

        Task<ConsoleRun> RunAsync(string token) => console.RunAsync([.. Byoa, "--access-token-file", token, "--app-secret-file", good]);

        async Task<string> WriteAsync(string name, string text)
        {
            var path = Path.Combine(folder, name);
            await File.WriteAllTextAsync(path, text);
            return path;
        }
    }

    [Fact]
    public async Task ByoaWithoutAnEncryptionKeyIsMisconfigured()
    {
        var console = await AdminConsole.StartAsync();
        var file = Path.Combine(RunFolder.Create("credentials"), "token");
        await File.WriteAllTextAsync(file, "EAAG");

        (await console.RunWithAsync("encryption_key", null, [.. Byoa, "--access-token-file", file, "--app-secret-file", file])).ShouldFail(1, "encryption_key is not set");
    }

    [Fact]
    public async Task ANameOrNumberThatExistsIsAConflict()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();

        (await console.RunAsync("channels", "add", "--name", "support", "--phone-number-id", "1", "--display-phone", "+1")).ShouldFail(4, "'support' exists already");
        (await console.RunAsync("channels", "add", "--name", "other", "--phone-number-id", "100000000000001", "--display-phone", "+1"))
            .ShouldFail(4, "100000000000001 is a channel already");
    }

    [Fact]
    public async Task IdsOfMetaAreDigitsAndTheNumberIsNotEmpty()
    {
        var console = await AdminConsole.StartAsync();

        (await console.RunAsync("channels", "add", "--name", "support", "--phone-number-id", "+15550100001", "--display-phone", "+1"))
            .ShouldFail(2, "--phone-number-id:", "WhatsApp Manager");
        (await console.RunAsync("channels", "add", "--name", "support", "--phone-number-id", "1", "--display-phone", "+1", "--waba-id", "x"))
            .ShouldFail(2, "--waba-id:");
        (await console.RunAsync("channels", "add", "--name", "support", "--phone-number-id", "1", "--display-phone", " ")).ShouldFail(2, "--display-phone:");
    }

    [Fact]
    public async Task KindAndProfileComeFromAList()
    {
        var console = await AdminConsole.StartAsync();

        (await console.RunAsync([.. Byoa, "--kind", "slack"])).ShouldFail(2, "--kind: 'slack' is not one of whatsapp");
        (await console.RunAsync([.. Byoa, "--profile", "own"])).ShouldFail(2, "--profile: 'own' is not one of platform, byoa");
    }
}
