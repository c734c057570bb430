using System.Security.Cryptography;

namespace WaMcp.Sandbox.Phone;

/// <summary>The files of the page, carried in the program itself: nothing to build, nothing to find, nothing from elsewhere.</summary>
internal sealed class PhonePage
{
    private static readonly Dictionary<string, string> ContentTypes = new(StringComparer.Ordinal)
    {
        ["index.html"] = "text/html; charset=utf-8",
        ["icon.svg"] = "image/svg+xml",
        ["phone.css"] = "text/css; charset=utf-8",
        ["phone.js"] = "text/javascript; charset=utf-8",
    };

    private readonly Dictionary<string, (byte[] Content, string Tag)> files =
        ContentTypes.Keys.ToDictionary(name => name, Load, StringComparer.Ordinal);

    public IResult File(string name) =>
        files.TryGetValue(name, out var file) ? new Answer(file.Content, file.Tag, ContentTypes[name]) : Results.NotFound();

    private static (byte[] Content, string Tag) Load(string name)
    {
        using var resource = typeof(PhonePage).Assembly.GetManifestResourceStream($"Phone/{name}")
            ?? throw new InvalidOperationException($"The program was built without Phone/Page/{name}.");
        using var content = new MemoryStream();
        resource.CopyTo(content);
        return (content.ToArray(), $"\"{Convert.ToHexStringLower(SHA256.HashData(content.ToArray()))[..16]}\"");
    }

    /// <summary>Scripts only from here, and none from a message: the policy is the second wall behind textContent.</summary>
    private sealed class Answer(byte[] content, string tag, string contentType) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var headers = httpContext.Response.Headers;
            headers.ETag = tag;
            headers.CacheControl = "no-cache";
            headers.XContentTypeOptions = "nosniff";
            headers.ContentSecurityPolicy =
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' http: https:; " +
                "media-src 'self' http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
            headers["Referrer-Policy"] = "no-referrer";
            if (httpContext.Request.Headers.IfNoneMatch == tag)
            {
                httpContext.Response.StatusCode = StatusCodes.Status304NotModified;
                return Task.CompletedTask;
            }

            httpContext.Response.ContentType = contentType;
            httpContext.Response.ContentLength = content.Length;
            return httpContext.Response.Body.WriteAsync(content, httpContext.RequestAborted).AsTask();
        }
    }
}
