using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using WaMcp.Sandbox;
using WaMcp.Sandbox.Control;
using WaMcp.Sandbox.Phone;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Sandbox;

/// <summary>An answer of the sandbox.</summary>
public sealed record SandboxAnswer(HttpStatusCode Status, JsonElement Json, HttpResponseHeaders Headers)
{
    public string Wamid => Json.GetProperty("messages")[0].GetProperty("id").GetString()!;

    public JsonElement Error => Json.GetProperty("error");

    public int Code => Error.GetProperty("code").GetInt32();

    public string Details => Error.GetProperty("error_data").GetProperty("details").GetString()!;
}

/// <summary>The sandbox on Kestrel at a free port, with a webhook receiver beside it.</summary>
public sealed class SandboxHost : IAsyncLifetime
{
    public const string Support = "100000000000001";
    public const string Sales = "100000000000002";
    public const string Account = "200000000000001";
    public const string Ada = "15550100100";
    public const string AdaUserId = "US.13491208655302741918";
    public const string AppSecret = "0123456789abcdef0123456789abcdef";
    public const string VerifyToken = "verify-me";
    public const string Token = "EAAtesttoken";

    private WebApplication? app;
    private HttpClient? http;

    /// <summary>The sandbox's clock; the system's by default.</summary>
    public TimeProvider? Clock { get; init; }

    /// <summary>False: the sandbox does not know where to post.</summary>
    public bool KnowsCallback { get; init; } = true;

    public WebhookReceiver Receiver { get; private set; } = null!;

    public Uri Address { get; private set; } = null!;

    /// <summary>Bearer of the platform's token.</summary>
    public HttpClient Http => http!;

    public async Task InitializeAsync()
    {
        Receiver = await WebhookReceiver.StartAsync(VerifyToken);
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["meta_app_secret"] = AppSecret,
            ["meta_webhook_verify_token"] = VerifyToken,
            ["wa_access_token"] = Token,
            ["Sandbox:WhatsApp:CallbackUrl"] = KnowsCallback ? Receiver.Url : null,
            ["Sandbox:WhatsApp:Settings:Retry:FirstMs"] = "20",
            ["Sandbox:WhatsApp:Settings:Retry:MaxMs"] = "40",
            ["Sandbox:WhatsApp:Settings:TemplateReviewMs"] = "1",
        });
        if (Clock is not null)
        {
            builder.Services.AddSingleton(Clock);
        }

        app = SandboxApp.Build(builder);
        await app.StartAsync();
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        http = NewClient(Token);
    }

    public async Task DisposeAsync()
    {
        http?.Dispose();
        if (app is not null)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        await Receiver.DisposeAsync();
    }

    public HttpClient NewClient(string? token)
    {
        var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>A fresh start for the next test, once nothing of the last one is on its way any more.</summary>
    public async Task ResetAsync()
    {
        (await Http.PostAsync("/control/reset", null)).EnsureSuccessStatusCode();
        await Eventually.GetAsync("nothing is on its way", StateAsync, state => state.Webhooks.Pending == 0);
        Receiver.Clear();
        Receiver.Refuses = false;
    }

    public Task<SandboxAnswer> SendAsync(object message, string number = Support) => PostAsync($"/v25.0/{number}/messages", message);

    public Task<SandboxAnswer> SendTextAsync(string text, string to = Ada, string number = Support) =>
        SendAsync(new { messaging_product = "whatsapp", to, type = "text", text = new { body = text } }, number);

    public Task<SandboxAnswer> SendAsync(string type, object content, string to = Ada)
    {
        var message = new Dictionary<string, object> { ["messaging_product"] = "whatsapp", ["to"] = to, ["type"] = type, [type] = content };
        return SendAsync(message);
    }

    public async Task<SandboxAnswer> PostAsync(string path, object body) => await ReadAsync(await Http.PostAsJsonAsync(path, body));

    public async Task<SandboxAnswer> GetAsync(string path) => await ReadAsync(await Http.GetAsync(path));

    public async Task<SandboxAnswer> DeleteAsync(string path) => await ReadAsync(await Http.DeleteAsync(path));

    public static async Task<SandboxAnswer> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            var body = await response.Content.ReadAsByteArrayAsync();
            return new SandboxAnswer(response.StatusCode, body.Length == 0 ? default : JsonElement.Parse(body), response.Headers);
        }
    }

    public async Task ChangeAsync(SandboxSettings settings) =>
        (await Http.PutAsJsonAsync("/control/whatsapp/settings", settings)).EnsureSuccessStatusCode();

    public async Task FaultAsync(FaultOrder fault) => (await Http.PostAsJsonAsync("/control/whatsapp/faults", fault)).EnsureSuccessStatusCode();

    public async Task CustomerAsync(CustomerOrder customer) =>
        (await Http.PostAsJsonAsync("/control/whatsapp/customers", customer)).EnsureSuccessStatusCode();

    public async Task<string> InboundAsync(InboundOrder order) => (await InboundIdsAsync(order))[0];

    public async Task<IReadOnlyList<string>> InboundIdsAsync(InboundOrder order)
    {
        var answer = (await Http.PostAsJsonAsync("/control/whatsapp/inbound", order)).EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<InboundIds>())!.Ids;
    }

    public async Task<IReadOnlyList<RecordedRequest>> RequestsAsync(string query = "") =>
        (await Http.GetFromJsonAsync<List<RecordedRequest>>($"/control/requests{query}"))!;

    public async Task<IReadOnlyList<RecordedWebhook>> WebhooksAsync() =>
        (await Http.GetFromJsonAsync<List<RecordedWebhook>>("/control/whatsapp/webhooks"))!;

    public async Task<IReadOnlyList<Bubble>> ChatAsync(string customer = Ada, string number = Support) =>
        (await Http.GetFromJsonAsync<List<Bubble>>($"/control/whatsapp/messages?phoneNumberId={number}&customer={customer}"))!;

    public async Task<SandboxState> StateAsync() => (await Http.GetFromJsonAsync<SandboxState>("/control/state"))!;
}
