using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Media;

/// <summary>
/// As much of S3 as we use, which checks every signature by the published rules
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html) and not by anybody's library.
/// </summary>
internal sealed class SignedStore : IAsyncDisposable
{
    public const string AccessKey = "AKIAIOSFODNN7EXAMPLE";
    public const string SecretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    private TestApp app = null!;

    public Uri Address => app.Address;

    public ConcurrentDictionary<string, byte[]> Objects { get; } = new();

    public ConcurrentQueue<string> Refused { get; } = new();

    public static async Task<SignedStore> StartAsync()
    {
        var store = new SignedStore();
        store.app = await TestApp.StartAsync(_ => { }, app => app.Run(store.AnswerAsync));
        return store;
    }

    /// <summary>The signature that a request should carry.</summary>
    public static string Sign(string method, string rawPath, string query, string signedHeaders, Func<string, string> header, string payloadHash, string date, string scope, string secret)
    {
        var headers = string.Concat(signedHeaders.Split(';').Select(name => $"{name}:{header(name).Trim()}\n"));
        var canonical = $"{method}\n{rawPath}\n{query}\n{headers}\n{signedHeaders}\n{payloadHash}";
        var toSign = $"AWS4-HMAC-SHA256\n{date}\n{scope}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = scope.Split('/').Aggregate(Encoding.UTF8.GetBytes($"AWS4{secret}"), (current, part) => HMACSHA256.HashData(current, Encoding.UTF8.GetBytes(part)));
        return Hex(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        using var content = new MemoryStream();
        await http.Request.Body.CopyToAsync(content);
        var path = http.Features.Get<IHttpRequestFeature>()!.RawTarget.Split('?')[0];
        if (Problem(http.Request, path, content.ToArray()) is { } problem)
        {
            Refused.Enqueue(problem);
            http.Response.StatusCode = 403;
            await http.Response.WriteAsync($"<Error><Code>SignatureDoesNotMatch</Code><Message>{problem}</Message></Error>");
            return;
        }

        switch (http.Request.Method)
        {
            case "PUT":
                Objects[path] = content.ToArray();
#pragma warning disable CA5351 // the protocol's own tag
                http.Response.Headers.ETag = $"\"{Hex(MD5.HashData(content.ToArray()))}\"";
#pragma warning restore CA5351
                break;
            case "GET" when Objects.TryGetValue(path, out var found):
                http.Response.ContentLength = found.Length;
                await http.Response.Body.WriteAsync(found);
                break;
            case "GET":
                http.Response.StatusCode = 404;
                await http.Response.WriteAsync("<Error><Code>NoSuchKey</Code><Message>none</Message></Error>");
                break;
            case "DELETE":
                Objects.TryRemove(path, out _);
                http.Response.StatusCode = 204;
                break;
        }
    }

    private static string? Problem(HttpRequest request, string path, byte[] content)
    {
        var given = request.Headers.Authorization.ToString();
        if (!given.StartsWith("AWS4-HMAC-SHA256 ", StringComparison.Ordinal))
        {
            return "not signed";
        }

        var parts = given[17..].Split(',', StringSplitOptions.TrimEntries).Select(part => part.Split('=', 2)).ToDictionary(part => part[0], part => part[1]);
        var credential = parts["Credential"].Split('/', 2);
        var date = request.Headers["x-amz-date"].ToString();
        var payload = request.Headers["x-amz-content-sha256"].ToString();
        var age = DateTime.UtcNow - DateTime.ParseExact(date, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal);
        var query = string.Join('&', request.Query.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value.ToString())}"));
        return credential[0] != AccessKey ? "another key"
            : age.Duration() > TimeSpan.FromMinutes(5) ? "too old"
            : payload != Hex(SHA256.HashData(content)) ? $"the payload is not what was signed ({payload})"
            : !parts["SignedHeaders"].Split(';').Contains("host") ? "host is not signed"
            : Sign(request.Method, path, query, parts["SignedHeaders"], name => request.Headers[name].ToString(), payload, date, credential[1], SecretKey) != parts["Signature"]
                ? "another signature"
                : null;
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
