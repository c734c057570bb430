using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Accounts;

namespace WaMcp.Sandbox.WhatsApp.Graph;

/// <summary>debug_token and oauth/access_token: what a sign-up needs of Graph.</summary>
internal static class TokenEndpoints
{
    public static void MapTokens(this IEndpointRouteBuilder graph)
    {
        graph.MapGet("/debug_token", Debug).WithMetadata(new OwnTokenCheck());
        graph.MapMethods("/oauth/access_token", [HttpMethods.Get, HttpMethods.Post], ExchangeAsync).WithMetadata(new OwnTokenCheck());
    }

    /// <summary>Opened by any valid token, or by "app id|app secret".</summary>
    private static Task Debug(
        HttpContext context, AccessTokens tokens, WhatsAppSecrets secrets, BusinessAccounts accounts, TimeProvider clock)
    {
        var call = GraphCall.Of(context);
        var query = context.Request.Query;
        if (!IsAppToken(context.Request, secrets))
        {
            tokens.Check(context.Request);
        }

        if (query["input_token"].ToString() is not { Length: > 0 } input)
        {
            throw GraphFault.Platform(100, "(#100) The parameter input_token is required");
        }

        var token = tokens.Find(input);
        var valid = token?.IsValid(clock.GetUtcNow()) == true;
        return call.AnswerAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartObject("data");
            if (token is null)
            {
                WriteError(writer, "Invalid OAuth access token - Cannot parse access token", null);
            }
            else
            {
                WriteToken(writer, token, valid, accounts);
            }

            writer.WriteBoolean("is_valid", valid);
            writer.WriteEndObject();
            writer.WriteEndObject();
        });
    }

    private static void WriteToken(Utf8JsonWriter writer, AccessToken token, bool valid, BusinessAccounts accounts)
    {
        writer.WriteString("app_id", WhatsAppSecrets.AppId);
        writer.WriteString("type", "SYSTEM_USER");
        writer.WriteString("application", "WaMcp Sandbox");
        writer.WriteNumber("data_access_expires_at", 0);
        writer.WriteNumber("expires_at", token.ExpiresAt?.ToUnixTimeSeconds() ?? 0);
        writer.WriteNumber("issued_at", token.IssuedAt.ToUnixTimeSeconds());
        if (!valid)
        {
            WriteError(writer, token.Revoked ? "The session has been invalidated" : "Session has expired", token.Revoked ? 460 : 463);
        }

        writer.WriteStartArray("scopes");
        foreach (var scope in token.Scopes)
        {
            writer.WriteStringValue(scope);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("granular_scopes");
        foreach (var scope in token.Scopes)
        {
            writer.WriteStartObject();
            writer.WriteString("scope", scope);
            writer.WriteStartArray("target_ids");
            foreach (var account in token.AccountIds ?? [.. accounts.All.Select(account => account.Id)])
            {
                writer.WriteStringValue(account);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("user_id", "400000000000001");
    }

    private static void WriteError(Utf8JsonWriter writer, string message, int? subcode)
    {
        writer.WriteStartObject("error");
        writer.WriteNumber("code", 190);
        writer.WriteString("message", message);
        if (subcode is { } number)
        {
            writer.WriteNumber("subcode", number);
        }

        writer.WriteEndObject();
    }

    /// <summary>A code for a token, once and within 30 seconds; the code comes from the control API.</summary>
    private static async Task ExchangeAsync(HttpContext context, AccessTokens tokens, WhatsAppSecrets secrets)
    {
        var call = GraphCall.Of(context);
        if (await call.ParameterAsync("client_id") != WhatsAppSecrets.AppId)
        {
            throw GraphFault.Platform(101, "Error validating application. Cannot get application info due to a system error.");
        }

        if (!secrets.IsAppSecret(await call.ParameterAsync("client_secret")))
        {
            throw GraphFault.Platform(1, "Error validating client secret.");
        }

        var token = await call.ParameterAsync("code") is { } code ? tokens.Redeem(code) : null;
        if (token is null)
        {
            throw GraphFault.Platform(100, "This authorization code has been used or has expired.", 36009);
        }

        await call.AnswerAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("access_token", token);
            writer.WriteString("token_type", "bearer");
            writer.WriteEndObject();
        });
    }

    private static bool IsAppToken(HttpRequest request, WhatsAppSecrets secrets)
    {
        var header = request.Headers.Authorization.ToString();
        var inHeader = header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase);
        var presented = inHeader ? header[7..] : request.Query["access_token"].ToString();
        var bar = presented.IndexOf('|', StringComparison.Ordinal);
        return bar > 0 && presented[..bar] == WhatsAppSecrets.AppId && secrets.IsAppSecret(presented[(bar + 1)..]);
    }
}
