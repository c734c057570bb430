using System.Text.Json;
using System.Text.Json.Serialization;
using WaMcp.Sandbox.WhatsApp.Graph;

namespace WaMcp.Sandbox.Control;

/// <summary>The control API: what a test or a person asks of the sandbox itself. README.md describes it.</summary>
internal static class ControlEndpoints
{
    public static void MapControl(this WebApplication app)
    {
        app.UseWhen(
            context => context.Request.Path.StartsWithSegments("/control") || context.Request.Path.StartsWithSegments("/phone"),
            branch => branch.UseMiddleware<CallerMistakes>());
        app.Services.GetRequiredService<StateReport>(); // notes when the program started
        var control = app.MapGroup("/control");
        control.MapGet("/state", (StateReport report) => report.Now());
        control.MapGet("/requests", ListRequests);
        control.MapDelete("/requests", (GraphJournal journal) => journal.Clear());
        control.MapPost("/tokens", AddToken);
        control.MapPost("/reset", (ResetSandbox reset) => reset.Execute());
        control.MapGroup("/whatsapp").MapWhatsAppControl();
    }

    public static void AddControl(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<StateReport>();
        builder.Services.AddSingleton<ResetSandbox>();
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow; // a misspelt setting must not pass for one
            json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        });
        builder.Services.Configure<RouteHandlerOptions>(routing => routing.ThrowOnBadRequest = true); // CallerMistakes tells the reason
    }

    private static IEnumerable<RecordedRequest> ListRequests(
        string? phoneNumberId, string? path, long? after, int? limit, GraphJournal journal) =>
        journal.Entries()
            .Where(entry => entry.Sequence > (after ?? 0)
                && (phoneNumberId is null || entry.PhoneNumberId == phoneNumberId)
                && (path is null || entry.Path.Contains(path, StringComparison.Ordinal)))
            .Take(limit ?? int.MaxValue)
            .Select(entry => new RecordedRequest
            {
                Sequence = entry.Sequence,
                At = entry.At,
                Method = entry.Method,
                Path = entry.Path,
                Status = entry.Status,
                Body = Json(entry.Body),
                Wamid = entry.Wamid,
                PhoneNumberId = entry.PhoneNumberId,
                Fault = entry.Fault,
            });

    private static TokenAnswer AddToken(TokenOrder order, AccessTokens tokens, TimeProvider clock)
    {
        var token = order.Token is { Length: > 0 } given ? given : AccessTokens.NewToken();
        var about = new AccessToken([])
        {
            Revoked = order.Revoked,
            ExpiresAt = order.ExpiresInMs is { } milliseconds ? clock.GetUtcNow().AddMilliseconds(milliseconds) : null,
            AccountIds = order.AccountIds,
        };
        tokens.Put(token, order.Scopes is null ? about : about with { Scopes = order.Scopes });
        return new TokenAnswer(token, order.WithCode ? tokens.NewCode(token) : null);
    }

    private static JsonElement? Json(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
        {
            return null;
        }

        try
        {
            return JsonElement.Parse(body.Span);
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(System.Text.Encoding.UTF8.GetString(body.Span));
        }
    }
}
