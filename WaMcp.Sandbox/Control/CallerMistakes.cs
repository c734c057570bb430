using System.Text.Json;

namespace WaMcp.Sandbox.Control;

/// <summary>
/// Around the control API and the phone page's calls: a caller's mistake is answered with 400 and a sentence that names it, and the
/// page of another site may not steer the sandbox that runs on this machine.
/// </summary>
internal sealed class CallerMistakes(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Headers["Sec-Fetch-Site"] == "cross-site")
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "Another site's page may not steer the sandbox.");
            return;
        }

        try
        {
            await next(context);
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            await RefuseAsync(context, exception.StatusCode, exception.InnerException is JsonException json ? json.Message : exception.Message);
        }
        catch (ArgumentException exception) when (!context.Response.HasStarted)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, exception.Message);
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, string sentence) =>
        Results.Problem(sentence, statusCode: status).ExecuteAsync(context);
}
