using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using WaMcp.Domain;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Channels.WhatsApp;
using WaMcp.Domain.Inbox;
using WaMcp.Server.Auth;
using WaMcp.ServiceDefaults;

namespace WaMcp.Server.Webhooks;

/// <summary>Where Meta delivers (https://developers.facebook.com/docs/graph-api/webhooks/getting-started).</summary>
internal static class WhatsAppEndpoints
{
    // Meta sends up to 3 MB.
    private const int MaxBodyBytes = 4 * 1024 * 1024;

    public static void MapWhatsAppWebhooks(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("/webhooks/whatsapp").RequireAddressLimit();
        group.MapGet("", Verify);
        group.MapPost("", ReceiveAsync);
    }

    private static IResult Verify(HttpRequest request, WhatsAppCredentials credentials)
    {
        var query = request.Query;
        var given = Encoding.UTF8.GetBytes(query["hub.verify_token"].ToString());
        var known = credentials.VerifyToken is { Length: > 0 } expected
            && CryptographicOperations.FixedTimeEquals(given, Encoding.UTF8.GetBytes(expected));
        return known && query["hub.mode"] == "subscribe"
            ? Results.Text(query["hub.challenge"].ToString())
            : Answer(StatusCodes.Status403Forbidden, "verify_token_mismatch", "hub.verify_token is not the one configured as meta_webhook_verify_token.");
    }

    private static async Task<IResult> ReceiveAsync(
        HttpContext http, WebhookSecrets secrets, WebhookInbox inbox, Caller caller, CallAudit audit, CancellationToken cancellationToken)
    {
        caller.Ip = http.Connection.RemoteIpAddress?.ToString();
        caller.UserAgent = http.Request.Headers.UserAgent.ToString();
        if (await RequestBody.ReadAsync(http, MaxBodyBytes) is not { } body)
        {
            return Answer(StatusCodes.Status413PayloadTooLarge, "too_large", "The delivery is over 4 MiB.");
        }

        try
        {
            var signer = await secrets.SignerAsync(http.Request.Headers[WhatsAppSignature.Header], body, cancellationToken);
            if (signer is null)
            {
                WaMcpTelemetry.WebhookReceived(nameof(ChannelKind.WhatsApp), "refused");
                await audit.WriteAsync(audit.Row(AuditAction.WebhookRefused) with { ErrorCode = "bad_signature" });
                return Answer(
                    StatusCodes.Status401Unauthorized, "bad_signature", "X-Hub-Signature-256 does not match the body under any known app secret.");
            }

            var id = await inbox.StoreAsync(ChannelKind.WhatsApp, body, signer, caller.RequestId, cancellationToken);
            Activity.Current?.SetTag("wamcp.webhook.event", id.ToString());
        }
        catch (Exception exception) when (exception is Fault || DatabaseAway.Caused(exception))
        {
            // Not stored: the provider must deliver it again.
            WaMcpTelemetry.WebhookReceived(nameof(ChannelKind.WhatsApp), "not_stored");
            return Answer(StatusCodes.Status503ServiceUnavailable, "unavailable", "The delivery could not be stored. Deliver it again.");
        }

        WaMcpTelemetry.WebhookReceived(nameof(ChannelKind.WhatsApp), "stored");
        await audit.WriteAsync(audit.Row(AuditAction.WebhookReceived));
        return Results.Ok();
    }

    private static IResult Answer(int status, string code, string message) =>
        Results.Json(new { error = new { code, message } }, statusCode: status);
}
