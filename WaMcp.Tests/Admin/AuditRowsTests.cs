using System.Text.Json;

namespace WaMcp.Tests.Admin;

public sealed class AuditRowsTests
{
    [Fact]
    public async Task EveryChangeHasOneRowThatNamesTheOperatorAndWhatWasChanged()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        await console.DoAsync("grants", "add", "--client", "acme", "--phone", "support", "--tools", "ping");
        var key = await console.DoAsync("keys", "mint", "--client", "acme", "--label", "CRM", "--scopes", "tools:ping");
        await console.DoAsync("keys", "revoke", key.GetProperty("prefix").GetString()!);
        await console.DoAsync("grants", "revoke", "--client", "acme", "--phone", "support");
        await console.DoAsync("clients", "disable", "acme");
        await console.DoAsync("clients", "enable", "acme");

        var rows = await RowsAsync(console);

        rows.Select(row => row.GetProperty("action").GetString()).ShouldBe(
        [
            "client_created", "channel_added", "grant_added", "key_minted", "key_revoked", "grant_revoked", "client_disabled", "client_enabled",
        ]);
        rows.ShouldAllBe(row => row.GetProperty("metadata").GetProperty("operator").GetString() == AdminConsole.OperatorName);
        rows.Select(row => row.GetProperty("request_id").GetString()).Distinct().Count().ShouldBe(rows.Count);
        var client = (await console.Database.ReadAsync<Guid>("SELECT id FROM clients")).Single();
        rows.Where(row => row.GetProperty("action").GetString() != "channel_added").ShouldAllBe(row => row.GetProperty("client_id").GetGuid() == client);
        var keyId = (await console.Database.ReadAsync<Guid>("SELECT id FROM api_keys")).Single();
        rows.Count(row => row.GetProperty("api_key_id").ToString() == keyId.ToString()).ShouldBe(2);
    }

    [Fact]
    public async Task ListsAndRefusedCommandsLeaveNoRow()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        var before = await RowsAsync(console);

        foreach (var noun in new[] { "clients", "channels", "grants", "keys" })
        {
            await console.DoAsync(noun, "list");
        }

        (await console.RunAsync("clients", "create", "--name", "acme", "--display-name", "Again")).ExitCode.ShouldBe(4);
        (await console.RunAsync("keys", "mint", "--client", "acme", "--label", "x", "--scopes", "tools:*")).ExitCode.ShouldBe(2);
        (await RowsAsync(console)).Count.ShouldBe(before.Count);
    }

    [Fact]
    public async Task RowsHoldNoSecretAndNoPhoneNumber()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        var minted = await console.RunAsync("keys", "mint", "--client", "acme", "--label", "CRM", "--scopes", "tools:ping,numbers:support");
        var token = minted.ErrLines[1];

        var text = string.Join('\n', await console.Database.ReadAsync<string>("SELECT a::text FROM audit_log a"));

        text.ShouldContain("key_minted");
        text.ShouldNotHold(token, token[^28..], "+1 555 010 0001", "5550100001");
    }

    [Fact]
    public async Task OutsideSudoTheOperatorIsTheUserOfTheProcess()
    {
        var console = await AdminConsole.StartAsync();

        await console.RunWithAsync("SUDO_USER", "", "clients", "create", "--name", "acme", "--display-name", "Acme");

        (await RowsAsync(console)).Single().GetProperty("metadata").GetProperty("operator").GetString().ShouldBe(Environment.UserName);
    }

    private static async Task<List<JsonElement>> RowsAsync(AdminConsole console) =>
        [.. (await console.Database.ReadAsync<string>("SELECT to_jsonb(a)::text FROM audit_log a ORDER BY id")).Select(row => JsonDocument.Parse(row).RootElement)];
}
