using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using WaMcp.Sandbox.Control;
using WaMcp.Tests.Infrastructure;
using Xunit.Abstractions;

namespace WaMcp.Tests.Sandbox;

/// <summary>
/// The sandbox's answers and webhooks against Meta's OpenAPI document, where it has schemas. The document is not in the repository;
/// without it these tests say so and pass.
/// </summary>
public sealed class MetaContractTests(SandboxHost sandbox, ITestOutputHelper output) : SandboxTests(sandbox)
{
    private const string Number = "/{Version}/{Phone-Number-ID}";
    private const string Account = "/{Version}/{WABA-ID}";
    private const string MediaId = "/{Version}/{Media-ID}";

    [Fact]
    public void TheCorrectedDocumentTakesMetasOwnExamplesAndNothingElse()
    {
        if (Missing(out var document, out var validator))
        {
            return;
        }

        var schema = document.Schema("WebhookPayload");
        var examples = document.RequestExamples("/whatsapp/webhooks", "post").ToList();
        examples.Count.ShouldBeGreaterThan(15);
        foreach (var (name, value) in examples.Where(example => !example.Name.StartsWith("Group", StringComparison.Ordinal)))
        {
            validator.Validate(JsonElement.Parse(value.ToJsonString()), schema).ShouldBeEmpty(name);
        }

        var broken = examples[0].Value.DeepClone();
        broken["entry"]![0]!["changes"]![0]!["value"]!["messages"]![0]!["text"]!.AsObject().Remove("body");
        validator.Validate(JsonElement.Parse(broken.ToJsonString()), schema).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task EveryWebhookFits()
    {
        if (Missing(out var document, out var validator))
        {
            return;
        }

        await Sandbox.SendTextAsync("For reactions and replies");
        string[] types =
        [
            "text", "image", "video", "audio", "document", "sticker", "location", "contacts", "reaction", "button", "interactive", "order",
            "system", "unsupported",
        ];
        foreach (var type in types)
        {
            await Sandbox.Receiver.MessageAsync(await Sandbox.InboundAsync(new InboundOrder { Type = type }));
        }

        var sent = await Sandbox.SendTextAsync("All of it");
        await Sandbox.Receiver.StatusesAsync(sent.Wamid, 3);
        await Sandbox.PostAsync("/control/whatsapp/statuses", new StatusOrder { Wamid = sent.Wamid, Status = "failed", Errors = [new StatusOrderError(131026)] });
        await Sandbox.Receiver.StatusesAsync(sent.Wamid, 4);

        var schema = document.Schema("WebhookPayload");
        foreach (var webhook in Sandbox.Receiver.Received)
        {
            validator.Validate(webhook.Json, schema).ShouldBeEmpty(webhook.Json.ToString());
        }
    }

    [Fact]
    public async Task AnswersAboutMessagesFit()
    {
        if (Missing(out var document, out var validator))
        {
            return;
        }

        Fits($"{Number}/messages", "post", await Sandbox.SendTextAsync("x"));
        Fits($"{Number}/messages", "post", await Sandbox.SendAsync("template", new { name = "hello_world", language = new { code = "en_US" } }));
        var read = await Sandbox.InboundAsync(new InboundOrder());
        Fits($"{Number}/messages", "post", await Sandbox.SendAsync(new { messaging_product = "whatsapp", status = "read", message_id = read }));
        foreach (var refused in new[] { await Sandbox.SendTextAsync(""), await Sandbox.SendTextAsync("x", "491715550123"), await Sandbox.SendTextAsync("x", number: "1") })
        {
            validator.Validate(refused.Json, document.Schema("GraphAPIError")).ShouldBeEmpty(refused.Json.ToString());
            validator.Validate(refused.Json, document.Schema("ErrorResponse")).ShouldBeEmpty(refused.Json.ToString());
        }

        void Fits(string path, string method, SandboxAnswer answer) => ShouldFit(document, validator, path, method, answer);
    }

    [Fact]
    public async Task AnswersAboutMediaFit()
    {
        if (Missing(out var document, out var validator))
        {
            return;
        }

        using var file = new ByteArrayContent([1, 2, 3]);
        file.Headers.ContentType = new MediaTypeHeaderValue("image/png");
        using var form = new MultipartFormDataContent { { new StringContent("whatsapp"), "messaging_product" }, { file, "file", "a.png" } };
        var uploaded = await SandboxHost.ReadAsync(await Sandbox.Http.PostAsync($"/v25.0/{SandboxHost.Support}/media", form));
        ShouldFit(document, validator, $"{Number}/media", "post", uploaded);
        var id = uploaded.Json.GetProperty("id").GetString();
        ShouldFit(document, validator, MediaId, "get", await Sandbox.GetAsync($"/v25.0/{id}"));
        ShouldFit(document, validator, MediaId, "delete", await Sandbox.DeleteAsync($"/v25.0/{id}"));
    }

    [Fact]
    public async Task AnswersAboutAccountsFit()
    {
        if (Missing(out var document, out var validator))
        {
            return;
        }

        var allOfNumber = "display_phone_number,verified_name,quality_rating,code_verification_status,name_status";
        ShouldFit(document, validator, Number, "get", await Sandbox.GetAsync($"/v25.0/{SandboxHost.Support}"));
        ShouldFit(document, validator, Number, "get", await Sandbox.GetAsync($"/v25.0/{SandboxHost.Support}?fields={allOfNumber}"));
        ShouldFit(document, validator, $"{Account}/phone_numbers", "get", await Sandbox.GetAsync($"/v25.0/{SandboxHost.Account}/phone_numbers"));
        var allOfAccount = "name,timezone_id,message_template_namespace,account_review_status,business_verification_status,country,ownership_type,primary_business_location";
        ShouldFit(document, validator, Account, "get", await Sandbox.GetAsync($"/v25.0/{SandboxHost.Account}?fields={allOfAccount}"));
        ShouldFit(document, validator, $"{Account}/subscribed_apps", "get", await Sandbox.GetAsync($"/v25.0/{SandboxHost.Account}/subscribed_apps"));
        ShouldFit(document, validator, $"{Account}/subscribed_apps", "post", await Sandbox.PostAsync($"/v25.0/{SandboxHost.Account}/subscribed_apps", new { }));
        var registered = await Sandbox.PostAsync($"/v25.0/{SandboxHost.Support}/register", new { messaging_product = "whatsapp", pin = "123456" });
        ShouldFit(document, validator, $"{Number}/register", "post", registered);
        using var stranger = Sandbox.NewClient("wrong");
        var refused = await SandboxHost.ReadAsync(await stranger.GetAsync($"/v25.0/{SandboxHost.Support}"));
        ShouldFit(document, validator, Number, "get", refused, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task AnswersAboutTemplatesFit()
    {
        if (Missing(out var document, out var validator))
        {
            return;
        }

        var path = $"/v25.0/{SandboxHost.Account}/message_templates";
        ShouldFit(document, validator, $"{Account}/message_templates", "get", await Sandbox.GetAsync(path));
        var created = await Sandbox.PostAsync(path, new { name = "fits", language = "en_US", category = "UTILITY", components = new[] { new { type = "BODY", text = "x" } } });
        ShouldFit(document, validator, $"{Account}/message_templates", "post", created);
        ShouldFit(document, validator, $"{Account}/message_templates", "delete", await Sandbox.DeleteAsync($"{path}?name=fits"));
    }

    private static void ShouldFit(
        OpenApiDocument document, OpenApiValidator validator, string path, string method, SandboxAnswer answer, HttpStatusCode status = HttpStatusCode.OK)
    {
        answer.Status.ShouldBe(status, answer.Json.ToString());
        var schema = document.ResponseSchema(path, method, (int)status).ShouldNotBeNull($"{method} {path} has no schema");
        validator.Validate(answer.Json, schema).ShouldBeEmpty($"{method} {path}: {answer.Json}");
    }

    private bool Missing(out OpenApiDocument document, out OpenApiValidator validator)
    {
        document = MetaContract.Document!;
        validator = null!;
        if (MetaContract.Document is null)
        {
            output.WriteLine("Nothing was checked: shared/reference/meta-business-messaging-v23.openapi.yaml is in no folder above the tests.");
            return true;
        }

        validator = new OpenApiValidator(document);
        return false;
    }
}
