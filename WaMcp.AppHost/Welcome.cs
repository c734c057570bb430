namespace WaMcp.AppHost;

/// <summary>What somebody who has just started the system wants to know: where everything is and what to do next.</summary>
internal static class Welcome
{
    public static string To(Endpoints endpoints) => $"""

        WaMcp is up.
          server     {endpoints.Server}/mcp     MCP endpoint for agents; webhooks under /webhooks
          sandbox    {endpoints.Sandbox}         the customer's phone, in a browser
          dashboard  {endpoints.Dashboard ?? "none (ops/local/dashboard --check says how to get it)"}

        Next, in a second terminal:
          ./ops/admin clients create --name acme --display-name "Acme Support"
          ./ops/admin grants add --client acme --phone 100000000000001 --tools send_message,get_messages
          ./ops/admin keys mint --client acme --label laptop --scopes "tools:*,numbers:*"
        Ctrl-C or ./ops/down stops it; data stays in .wamcp.

        """;
}
