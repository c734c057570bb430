using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Domain;

namespace WaMcp.Server.Auth;

/// <summary>A refusal before the protocol layer: an HTTP status and a JSON-RPC error that echoes the request's id.</summary>
internal static class RpcRefusal
{
    public static Task WriteAsync(HttpContext http, JsonElement? id, Fault fault)
    {
        var data = new JsonObject { ["reason"] = fault.Code.Reason };
        if (fault.NextAction is { } action)
        {
            data["nextAction"] = action;
        }

        if (fault.Code == FaultCode.RateLimited && http.Response.Headers.RetryAfter.ToString() is { Length: > 0 } seconds)
        {
            data["retryAfterSeconds"] = int.Parse(seconds, System.Globalization.CultureInfo.InvariantCulture);
        }

        return WriteAsync(http, fault.Code.HttpStatus, id, fault.Code.JsonRpcCode, fault.PublicText, data);
    }

    /// <summary>The refusal of an address whose requests failed too often; <c>Retry-After</c> is set.</summary>
    public static Task TooManyFailuresAsync(HttpContext http, string message) => WriteAsync(http, null, new Fault(FaultCode.RateLimited, message));

    public static Task WriteAsync(HttpContext http, int status, JsonElement? id, int code, string message, JsonObject? data)
    {
        var error = new JsonObject { ["code"] = code, ["message"] = message };
        if (data is not null)
        {
            error["data"] = data;
        }

        // JSON-RPC ids are strings or numbers; anything else is not echoed.
        var echoed = id is { ValueKind: JsonValueKind.String or JsonValueKind.Number } given ? JsonNode.Parse(given.GetRawText()) : null;
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = echoed, ["error"] = error });
    }
}
