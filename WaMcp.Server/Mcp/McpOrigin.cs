namespace WaMcp.Server.Mcp;

/// <summary>
/// Keeps web pages of strangers from calling the endpoint through somebody's browser, also by DNS rebinding. A browser puts the page's
/// origin into every POST; other clients leave it out.
/// https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#security-warning
/// </summary>
internal static class McpOrigin
{
    /// <summary>Whether this request may be answered at all.</summary>
    /// <remarks>
    /// A page of our own host counts as ours over https only. A stranger can let a name of his own point to our address, so that origin
    /// and host agree, but he has no certificate of ours for it, and over http nobody asks for one.
    /// </remarks>
    internal static bool IsAllowed(HttpRequest request, McpOptions options)
    {
        if (request.Headers.Origin is not [{ Length: > 0 } text])
        {
            return request.Headers.Origin.Count == 0;
        }

        if (options.AllowedOrigins.Contains(text, StringComparer.OrdinalIgnoreCase))
        {
            return true;
        }

        return Uri.TryCreate(text, UriKind.Absolute, out var page)
            && Uri.TryCreate($"{request.Scheme}://{request.Host.ToUriComponent()}", UriKind.Absolute, out var here)
            && page.Scheme is "http" or "https"
            && (IsThisMachine(page, here) || IsThisHost(page, here));
    }

    /// <summary>An entry of <see cref="McpOptions.AllowedOrigins"/>: scheme, host and, if it is not the scheme's own, port.</summary>
    internal static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var origin)
        && origin.Scheme is "http" or "https"
        && string.Equals(origin.GetLeftPart(UriPartial.Authority), text, StringComparison.OrdinalIgnoreCase);

    // Both names must be this machine's: a page on localhost has no business with a server that it reaches under another name.
    private static bool IsThisMachine(Uri page, Uri here) => page.IsLoopback && here.IsLoopback;

    private static bool IsThisHost(Uri page, Uri here) =>
        here.Scheme == "https"
        && page.Scheme == "https"
        && string.Equals(page.Authority, here.Authority, StringComparison.OrdinalIgnoreCase);
}
