using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace WaMcp.ServiceDefaults;

/// <summary>
/// Adds to the framework's span of a request what is known only afterwards: its name by route, the status and the error. ASP.NET Core 10
/// leaves that to an instrumentation package that is not on every feed.
/// https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
/// </summary>
internal sealed class RequestSpans : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(DescribeAsync);
        next(app);
    };

    private static async Task DescribeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception)
        {
            Describe(context, StatusCodes.Status500InternalServerError, exception.GetType().FullName);
            throw;
        }

        Describe(context, context.Response.StatusCode, exceptionType: null);
    }

    private static void Describe(HttpContext context, int status, string? exceptionType)
    {
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is not { IsAllDataRequested: true } span)
        {
            return;
        }

        span.SetTag("http.response.status_code", status);
        if ((context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText is { } route)
        {
            span.DisplayName = $"{context.Request.Method} {route}";
            span.SetTag("http.route", route);
        }

        if (status >= StatusCodes.Status500InternalServerError)
        {
            span.SetTag("error.type", exceptionType ?? status.ToString(CultureInfo.InvariantCulture));
            span.SetStatus(ActivityStatusCode.Error);
        }
    }
}
