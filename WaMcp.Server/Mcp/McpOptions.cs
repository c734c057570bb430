namespace WaMcp.Server.Mcp;

/// <summary>The MCP endpoint. Section <c>Mcp</c>.</summary>
public sealed class McpOptions
{
    /// <summary>
    /// Web pages that may call the endpoint from a browser, as origins: <c>https://console.example.com</c>. Pages on this machine and,
    /// over https, on our own host always may. Programs that are no browsers send no origin and are not concerned.
    /// </summary>
    public IList<string> AllowedOrigins { get; } = [];

    /// <summary>The largest request body that is read: a file of <c>Media:MaxInlineBytes</c> as base64 fits. Larger ones go over links.</summary>
    public int MaxRequestBytes { get; set; } = 8 * 1024 * 1024;
}
