using ModelContextProtocol;
using WaMcp.Domain;

namespace WaMcp.Server.Mcp;

/// <summary>A fault as the protocol layer's own exception, which becomes the JSON-RPC error of the table in docs/api/errors.md.</summary>
internal static class RpcFault
{
    /// <param name="fault">What went wrong.</param>
    /// <param name="code">The code where the protocol has one of its own.</param>
    public static McpProtocolException Of(Fault fault, McpErrorCode? code = null)
    {
        var exception = new McpProtocolException(fault.PublicText, code ?? (McpErrorCode)fault.Code.JsonRpcCode) { Data = { ["reason"] = fault.Code.Reason } };
        if (fault.NextAction is { } action)
        {
            exception.Data["nextAction"] = action;
        }

        return exception;
    }
}
