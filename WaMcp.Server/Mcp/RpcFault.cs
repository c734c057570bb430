using ModelContextProtocol;
using WaMcp.Domain;

namespace WaMcp.Server.Mcp;

/// <summary>A fault as the protocol layer's own exception, which becomes the JSON-RPC error of the table in docs/api/errors.md.</summary>
internal static class RpcFault
{
    public static McpProtocolException Of(Fault fault)
    {
        var exception = new McpProtocolException(fault.PublicText, (McpErrorCode)fault.Code.JsonRpcCode) { Data = { ["reason"] = fault.Code.Reason } };
        if (fault.NextAction is { } action)
        {
            exception.Data["nextAction"] = action;
        }

        return exception;
    }
}
