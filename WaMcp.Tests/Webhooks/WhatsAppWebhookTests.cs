using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Webhooks;

[Collection(SharedSystemTests.Name)]
public sealed class WhatsAppWebhookTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    private Uri Address => new(system.Server, "/webhooks/whatsapp");

    [Fact]
    public async Task TheChallengeIsEchoedToWhoeverKnowsTheVerifyToken()
    {
        var answer = await system.Http.GetStringAsync(
            new Uri($"{Address}?hub.mode=subscribe&hub.verify_token={TestSecrets.VerifyToken}&hub.challenge=1158201444"));
        answer.ShouldBe("1158201444");
    }

    [Fact]
    public async Task TheChallengeIsPlainTextWhateverItHolds()
    {
        using var answer = await system.Http.GetAsync(new Uri(
            $"{Address}?hub.mode=subscribe&hub.verify_token={TestSecrets.VerifyToken}&hub.challenge=%3Cscript%3E%22%26%C3%A9"));
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/plain");
        (await answer.Content.ReadAsStringAsync()).ShouldBe("<script>\"&é");
    }

    [Theory]
    [InlineData("")]
    [InlineData("&hub.challenge=")]
    [InlineData("&hub.challenge=1&hub.challenge=2")]
    public async Task WithoutOneChallengeThereIsNothingToEcho(string query)
    {
        using var answer = await system.Http.GetAsync(new Uri($"{Address}?hub.mode=subscribe&hub.verify_token={TestSecrets.VerifyToken}{query}"));
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("no_challenge");
    }

    [Fact]
    public async Task AChallengeIsNoLongerThanOneNeedsToBe()
    {
        using var answer = await system.Http.GetAsync(new Uri(
            $"{Address}?hub.mode=subscribe&hub.verify_token={TestSecrets.VerifyToken}&hub.challenge={new string('1', 257)}"));
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("?hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1")]
    [InlineData("?hub.mode=subscribe&hub.verify_token=&hub.challenge=1")]
    [InlineData("?hub.mode=subscribe&hub.verify_token=tests-verify-token&hub.verify_token=tests-verify-token&hub.challenge=1")]
    [InlineData("?hub.mode=subscribe&hub.verify_token=TESTS-VERIFY-TOKEN&hub.challenge=1")]
    [InlineData("?hub.mode=unsubscribe&hub.verify_token=tests-verify-token&hub.challenge=1")]
    [InlineData("?hub.verify_token=tests-verify-token&hub.challenge=1")]
    [InlineData("")]
    public async Task AnybodyElseIsRefused(string query)
    {
        using var answer = await system.Http.GetAsync(new Uri($"{Address}{query}"));
        answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("sha256=00")]
    [InlineData("sha256=zz")]
    [InlineData("sha1=0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("sha256=0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task AWrongSignatureIs401AndNothingIsStored(string? signature)
    {
        var marker = $"marker-{Guid.NewGuid():N}";
        var answer = await PostAsync($$"""{"object":"{{marker}}"}""", signature);
        answer.ShouldBe(StatusCodes.Status401Unauthorized);
        (await StoredAsync(marker)).ShouldBe(0);
        await Eventually.TrueAsync("a webhook_refused row", async () =>
            await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'webhook_refused' AND error_code = 'bad_signature'") > 0);
    }

    [Fact]
    public async Task TheSignatureCoversTheBytesAsTheyCame()
    {
        // The same document written otherwise is another body.
        var body = "{\"object\": \"caf\\u00e9\"}";
        (await PostAsync(body, Sign("{\"object\":\"café\"}"))).ShouldBe(StatusCodes.Status401Unauthorized);
        (await PostAsync(body, Sign(body))).ShouldBe(StatusCodes.Status200OK);
    }

    [Fact]
    public async Task A200MeansStored()
    {
        var marker = $"marker-{Guid.NewGuid():N}";
        var body = $$"""{"object":"{{marker}}","entry":[]}""";
        (await PostAsync(body, Sign(body))).ShouldBe(StatusCodes.Status200OK);
        (await StoredAsync(marker)).ShouldBe(1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"entry\":{}}")]
    [InlineData("{\"entry\":[null,1,{\"changes\":[{\"value\":{\"metadata\":{\"phone_number_id\":100000000000001}}}]}]}")]
    public async Task SignedNonsenseIsKeptAndHarmsNobody(string body)
    {
        (await PostAsync(body, Sign(body))).ShouldBe(StatusCodes.Status200OK);
        await NothingLeftToDoAsync();
    }

    [Fact]
    public async Task MessagesWithEscapesThatPostgresCannotKeepAreReceivedAllTheSame()
    {
        var client = await system.Console.OnboardAsync();
        var id = $"wamid.{Guid.NewGuid():N}";
        var body = $$$"""
            {"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",
            "metadata":{"display_phone_number":"1","phone_number_id":"{{{ConsoleDriver.SupportNumber}}}"},
            "contacts":[{"profile":{"name":"half \ud800 name"},"wa_id":"15550100199"}],
            "messages":[{"from":"15550100199","id":"{{{id}}}","timestamp":"99999999999999999999","type":"text","text":{"body":"nul \u0000 inside"}}]}}]}]}
            """;
        (await PostAsync(body, Sign(body))).ShouldBe(StatusCodes.Status200OK);
        await Eventually.TrueAsync("the message", async () => await system.QueryAsync<string>(
            "SELECT body FROM messages WHERE client_id = $1 AND provider_message_id = $2", client.Client.Id.Value, id) == "nul  inside");
    }

    [Fact]
    public async Task ABodyOverTheLimitIs413()
    {
        (await PostAsync(new string('x', (4 * 1024 * 1024) + 1), "sha256=00")).ShouldBe(StatusCodes.Status413PayloadTooLarge);
    }

    [Fact]
    public async Task TheSameDeliveryTwiceIsOneMessage()
    {
        var client = await system.Console.OnboardAsync();
        var id = $"wamid.{Guid.NewGuid():N}";
        var body = $$$"""
            {"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",
            "metadata":{"display_phone_number":"1","phone_number_id":"{{{ConsoleDriver.SupportNumber}}}"},
            "contacts":[{"profile":{"name":"Twice"},"wa_id":"15550100188"}],
            "messages":[{"from":"15550100188","id":"{{{id}}}","timestamp":"1763000000","type":"text","text":{"body":"twice"}}]}}]}]}
            """;
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => PostAsync(body, Sign(body))));
        await NothingLeftToDoAsync();
        (await system.QueryAsync<long>(
            "SELECT count(*) FROM messages WHERE client_id = $1 AND provider_message_id = $2", client.Client.Id.Value, id)).ShouldBe(1);
    }

    [Fact]
    public async Task OneNumberTwoClientsOneMessageEachAndNoneAfterRevocation()
    {
        var (a, b, c) = (await system.Console.OnboardAsync(), await system.Console.OnboardAsync(), await system.Console.OnboardAsync());
        await system.Console.RevokeGrantAsync(c.Client, c.Channel);
        var text = $"for two {Guid.NewGuid():N}";

        await system.Sandbox.WriteAsync(text);

        foreach (var client in new[] { a, b })
        {
            await Eventually.TrueAsync("each has it", async () => await CountAsync(client, text) == 1);
        }

        await NothingLeftToDoAsync();
        (await CountAsync(c, text)).ShouldBe(0);
    }

    [Fact]
    public async Task AnAppSpeaksOnlyForItsOwnNumbers()
    {
        var own = Random.Shared.NextInt64(300_000_000_000_000, 399_999_999_999_999).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var secret = Guid.NewGuid().ToString("N");
        var byoa = await system.Console.RunAsync((WaMcp.Domain.Channels.AddChannel verb) => verb.ExecuteAsync(
            new($"byoa-{own}", own, null, "+1 555 010 0300", "EAAown", secret), default));
        var organisation = await system.Console.ClientAsync();
        await system.Console.GrantAsync(organisation, byoa);
        var victim = await system.Console.OnboardAsync();
        var text = $"forged {Guid.NewGuid():N}";

        foreach (var number in new[] { own, ConsoleDriver.SupportNumber })
        {
            var body = Inbound(number, $"wamid.{Guid.NewGuid():N}", "15550100166", text);
            (await PostAsync(body, Sign(body, secret))).ShouldBe(StatusCodes.Status200OK);
        }

        var forged = Inbound(own, $"wamid.{Guid.NewGuid():N}", "15550100166", text);
        (await PostAsync(forged, Sign(forged))).ShouldBe(StatusCodes.Status200OK); // the platform's app does not speak for it either
        await NothingLeftToDoAsync();
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE body = $1 AND client_id = $2", text, organisation.Id.Value)).ShouldBe(1);
        (await CountAsync(victim, text)).ShouldBe(0);
    }

    [Fact]
    public async Task ANumberThatChangedHandsIsAnotherPerson()
    {
        var client = await system.Console.OnboardAsync();
        var phone = $"1555{Random.Shared.NextInt64(1_000_000, 9_999_999)}";
        var (before, after) = ($"before {phone}", $"after {phone}");
        foreach (var (user, text) in new[] { ("US.111", before), ("US.222", after) })
        {
            var body = Inbound(ConsoleDriver.SupportNumber, $"wamid.{Guid.NewGuid():N}", phone, text, $"{user}{phone}");
            await PostAsync(body, Sign(body));
            await Eventually.TrueAsync(text, async () => await CountAsync(client, text) == 1);
        }

        (await system.QueryAsync<long>(
            "SELECT count(DISTINCT contact_id) FROM messages WHERE client_id = $1 AND body IN ($2, $3)", client.Client.Id.Value, before, after)).ShouldBe(2);
        (await system.QueryAsync<string>(
            "SELECT provider_user_id FROM contacts WHERE client_id = $1 AND phone = $2", client.Client.Id.Value, phone)).ShouldBe($"US.222{phone}");
    }

    private static string Inbound(string number, string id, string from, string text, string? user = null) => JsonSerializer.Serialize(new
    {
        @object = "whatsapp_business_account",
        entry = new[] { new { id = "1", changes = new[] { new { field = "messages", value = new
        {
            messaging_product = "whatsapp",
            metadata = new { display_phone_number = "1", phone_number_id = number },
            contacts = new[] { new { profile = new { name = "Somebody" }, wa_id = from, user_id = user } },
            messages = new[] { new { from, from_user_id = user, id, timestamp = "1763000000", type = "text", text = new { body = text } } },
        } } } } },
    });

    private static string Sign(string body, string secret = TestSecrets.AppSecret) =>
        $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(body)))}";

    private async Task<int> PostAsync(string body, string? signature)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Address) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (signature is not null)
        {
            request.Headers.Add("X-Hub-Signature-256", signature);
        }

        using var response = await system.Http.SendAsync(request);
        return (int)response.StatusCode;
    }

    private async Task<long> StoredAsync(string marker) =>
        await system.QueryAsync<long>("SELECT count(*) FROM webhook_events WHERE encode(body, 'escape') LIKE $1", $"%{marker}%");

    private async Task<long> CountAsync(TestClient client, string text) =>
        await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1 AND body = $2", client.Client.Id.Value, text);

    private Task NothingLeftToDoAsync() => Eventually.TrueAsync("nothing left to do", async () =>
        await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind IN ('FanOut', 'Receive')") == 0);
}
