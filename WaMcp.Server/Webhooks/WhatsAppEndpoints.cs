using System.Diagnostics;
using System.Globalization;
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
    // Meta's have about ten digits.
    private const int MaxChallengeLetters = 256;

    private const string RetryAfterSeconds = "5";

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
        if (!known || query["hub.mode"] != "subscribe")
        {
            return Answer(StatusCodes.Status403Forbidden, "verify_token_mismatch", "hub.verify_token is not the one configured as meta_webhook_verify_token.");
        }

        return query["hub.challenge"] is [{ Length: > 0 and <= MaxChallengeLetters } challenge]
            ? Results.Text(challenge)
            : Answer(StatusCodes.Status400BadRequest, "no_challenge", $"hub.challenge must be there once, with 1 to {MaxChallengeLetters} characters.");
    }

    private static async Task<IResult> ReceiveAsync(
        HttpContext http, WebhookBodies bodies, WebhookSecrets secrets, WebhookInbox inbox, Caller caller, CallAudit audit, CancellationToken cancellationToken)
    {
        caller.Ip = http.Connection.RemoteIpAddress?.ToString();
        caller.UserAgent = http.Request.Headers.UserAgent.ToString();
        string? signature = http.Request.Headers[WhatsAppSignature.Header];
        if (!WhatsAppSignature.IsWellFormed(signature) && http.Request.ContentLength is null or <= WebhookBodies.MaxBodyBytes)
        {
            return await RefuseAsync(audit);
        }

        var (body, status) = await bodies.ReadAsync(http);
        if (body is null)
        {
            return NotRead(http, status);
        }

        try
        {
            byte[]? signer = null;
            if (!secrets.IsPlatforms(signature, body))
            {
                var suspects = await secrets.SuspectsAsync(body, cancellationToken);
                if (suspects.Named is { } named && AddressLimit.Narrow(http, named.ToString()) is { } wait)
                {
                    return TooMany(http, wait);
                }

                signer = suspects.SignerOf(signature, body);
                if (signer is null)
                {
                    return await RefuseAsync(audit);
                }
            }

            var id = await inbox.StoreAsync(ChannelKind.WhatsApp, body, signer, caller.RequestId, cancellationToken);
            Activity.Current?.SetTag("wamcp.webhook.event", id.ToString());
        }
        catch (Exception exception) when (exception is Fault || DatabaseAway.Caused(exception))
        {
            // Not stored: the provider must deliver it again.
            return NotRead(http, StatusCodes.Status503ServiceUnavailable);
        }

        WaMcpTelemetry.WebhookReceived(nameof(ChannelKind.WhatsApp), "stored");
        await audit.WriteAsync(audit.Row(AuditAction.WebhookReceived));
        return Results.Ok();
    }

    private static async Task<IResult> RefuseAsync(CallAudit audit)
    {
        WaMcpTelemetry.WebhookReceived(nameof(ChannelKind.WhatsApp), "refused");
        await audit.WriteAsync(audit.Row(AuditAction.WebhookRefused) with { ErrorCode = "bad_signature" });
        return Answer(StatusCodes.Status401Unauthorized, "bad_signature", "X-Hub-Signature-256 does not match the body under any known app secret.");
    }

    private static IResult NotRead(HttpContext http, int status)
    {
        WaMcpTelemetry.WebhookReceived(nameof(ChannelKind.WhatsApp), "not_stored");
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            http.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        return status switch
        {
            StatusCodes.Status413PayloadTooLarge => Answer(status, "too_large", "The delivery is over 4 MiB."),
            StatusCodes.Status408RequestTimeout => Answer(status, "too_slow", $"The delivery took more than {WebhookBodies.Patience.TotalSeconds} s to come."),
            _ => Answer(status, "unavailable", "The delivery could not be stored. Deliver it again."),
        };
    }

    private static IResult TooMany(HttpContext http, TimeSpan wait)
    {
        WaMcpTelemetry.WebhookReceived(nameof(ChannelKind.WhatsApp), "refused");
        http.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return Answer(StatusCodes.Status429TooManyRequests, "too_many_requests", "Too many deliveries that name this number were signed with another secret.");
    }

    private static IResult Answer(int status, string code, string message) =>
        Results.Json(new { error = new { code, message } }, statusCode: status);
}
