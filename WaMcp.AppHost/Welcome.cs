namespace WaMcp.AppHost;

/// <summary>What somebody who has just started the system wants to know: where everything is and what to do next.</summary>
internal static class Welcome
{
    public static string To(Endpoints endpoints, string data) => $"""

        WaMcp is up.
          server     {endpoints.Server}/mcp     MCP endpoint for agents; webhooks under /webhooks
          sandbox    {endpoints.Sandbox}         the customer's phone, in a browser
          dashboard  {endpoints.Dashboard ?? "none (ops/local/dashboard --check says how to get it)"}

        Next, in a second terminal:
          ./ops/admin clients create --name acme --display-name "Acme"
          ./ops/admin channels add --name support --phone-number-id 100000000000001 --display-phone "+1 555 010 0001" --waba-id 200000000000001
          ./ops/admin grants add --client acme --phone support --tools "ping,list_channels,send_message,get_message,get_messages"
          ./ops/admin keys mint --client acme --label laptop \
            --scopes "tools:ping,tools:list_channels,tools:send_message,tools:get_message,tools:get_messages,numbers:support"
        Ctrl-C or ./ops/down stops it; data stays in {Path.GetRelativePath(Repository.Root, data)}.

        """;
}
