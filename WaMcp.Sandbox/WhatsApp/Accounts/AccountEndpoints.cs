using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Graph;
using WaMcp.Sandbox.WhatsApp.Webhooks;

namespace WaMcp.Sandbox.WhatsApp.Accounts;

/// <summary>Reading accounts and numbers, subscribing an app, webhook overrides, registering a number.</summary>
internal static class AccountEndpoints
{
    public static void MapAccounts(this IEndpointRouteBuilder graph)
    {
        graph.MapGet("/{id}/phone_numbers", ListNumbers);
        graph.MapGet("/{id}/subscribed_apps", ListApps);
        graph.MapPost("/{id}/subscribed_apps", SubscribeAsync);
        graph.MapDelete("/{id}/subscribed_apps", Unsubscribe);
        graph.MapPost("/{id}/register", RegisterAsync).WithMetadata(new NumberEndpoint());
        graph.MapPost("/{id}", ConfigureAsync).WithMetadata(new NumberEndpoint());
    }

    private static Task ListNumbers(HttpContext context, BusinessAccounts accounts)
    {
        var call = GraphCall.Of(context);
        var account = call.Account(accounts);
        var nodes = account.Numbers.Select(AccountNodes.InList).ToList();
        return call.AnswerAsync(writer => GraphNode.WritePage(writer, nodes, context.Request.Query));
    }

    private static Task ListApps(HttpContext context, BusinessAccounts accounts)
    {
        var call = GraphCall.Of(context);
        var account = call.Account(accounts);
        return call.AnswerAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("data");
            if (account.Subscribed)
            {
                WriteApp(writer, account);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static void WriteApp(Utf8JsonWriter writer, BusinessAccount account)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("whatsapp_business_api_data");
        writer.WriteString("id", WhatsAppSecrets.AppId);
        writer.WriteString("name", "WaMcp Sandbox");
        writer.WriteString("link", $"https://www.facebook.com/games/?app_id={WhatsAppSecrets.AppId}");
        writer.WriteEndObject();
        if (account.CallbackOverride is { } url)
        {
            writer.WriteString("override_callback_uri", url.ToString());
        }

        writer.WriteEndObject();
    }

    /// <summary>Subscribing without an override takes an earlier override back, as at Meta.</summary>
    private static async Task SubscribeAsync(HttpContext context, BusinessAccounts accounts, CallbackVerification verification)
    {
        var call = GraphCall.Of(context);
        var account = call.Account(accounts);
        account.CallbackOverride = await VerifiedAsync(
            await call.ParameterAsync("override_callback_uri"), await call.ParameterAsync("verify_token"), verification, context.RequestAborted);
        account.Subscribed = true;
        await call.AnswerSuccessAsync();
    }

    private static Task Unsubscribe(HttpContext context, BusinessAccounts accounts)
    {
        var call = GraphCall.Of(context);
        call.Account(accounts).Subscribed = false;
        return call.AnswerSuccessAsync();
    }

    private static async Task RegisterAsync(HttpContext context, BusinessAccounts accounts)
    {
        var call = GraphCall.Of(context);
        var number = call.Number(accounts);
        if (await call.ParameterAsync("messaging_product") != "whatsapp")
        {
            throw new GraphFault(100, "messaging_product must be 'whatsapp'.");
        }

        var pin = await call.ParameterAsync("pin");
        if (pin is not { Length: 6 } || !pin.All(char.IsAsciiDigit))
        {
            throw new GraphFault(100, "pin must be six digits.");
        }

        if (number.Pin is not null && number.Pin != pin)
        {
            throw new GraphFault(133005);
        }

        number.Pin = pin;
        await call.AnswerSuccessAsync();
    }

    /// <summary>POST /{phone number id}: of its many settings the sandbox has the webhook override.</summary>
    private static async Task ConfigureAsync(HttpContext context, BusinessAccounts accounts, CallbackVerification verification)
    {
        var call = GraphCall.Of(context);
        var number = call.Number(accounts);
        var configuration = (call.Body.IsEmpty ? default : call.Json).Find("webhook_configuration")
            ?? throw new GraphFault(100, "The sandbox changes nothing here but webhook_configuration.");
        number.CallbackOverride = await VerifiedAsync(
            configuration.FindText("override_callback_uri"), configuration.FindText("verify_token"), verification, context.RequestAborted);
        await call.AnswerSuccessAsync();
    }

    private static async Task<Uri?> VerifiedAsync(
        string? address, string? verifyToken, CallbackVerification verification, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(address))
        {
            return null;
        }

        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new GraphFault(100, "override_callback_uri must be an http or https address.");
        }

        var error = await verification.ChallengeAsync(url, verifyToken ?? "", cancellationToken);
        return error is null ? url : throw GraphFault.Platform(2200, $"(#2200) Callback verification failed: {error}");
    }
}
