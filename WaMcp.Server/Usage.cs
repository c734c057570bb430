namespace WaMcp.Server;

/// <summary>What <c>--help</c> says.</summary>
internal static class Usage
{
    public const string Text =
        """
        usage: WaMcp.Server [--stdio] [--KEY=VALUE ...]

        Serves MCP to agents at /mcp and receives the providers' webhooks under /webhooks.

          (no option)   over HTTP, with API keys
          --stdio       over standard input and output, as the owner and without a key; needs no Redis
          --KEY=VALUE   sets one configuration key for this start
          --help        this text

        Configuration keys come from secret files (/run/secrets; elsewhere: Secrets:Directory), environment variables (__ for :) and the
        command line: ConnectionStrings:wamcp, ConnectionStrings:redis, urls, Mcp:AllowedOrigins, Proxies:Trusted, AddressLimit:FailureLimit,
        and the secrets api_key_pepper, encryption_key, meta_app_secret, meta_webhook_verify_token. See docs/operations.
        """;
}
