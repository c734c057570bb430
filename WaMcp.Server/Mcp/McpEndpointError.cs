using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace WaMcp.Server.Mcp;

/// <summary>A JSON-RPC error as the whole answer to an HTTP request.</summary>
internal static class McpEndpointError
{
    private static readonly JsonTypeInfo<JsonRpcError> ErrorJson =
        (JsonTypeInfo<JsonRpcError>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcError));

    internal static Task WriteAsync(HttpContext context, int status, McpErrorCode code, string message) =>
        WriteAsync(context, status, new JsonRpcErrorDetail { Code = (int)code, Message = message });

    /// <param name="context">The request.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="error">Code, message and data.</param>
    /// <param name="id">The id of the JSON-RPC request, where it is known; null in the answer where it is not.</param>
    internal static Task WriteAsync(HttpContext context, int status, JsonRpcErrorDetail error, RequestId id = default)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(
            new JsonRpcError { Id = id, Error = error }, ErrorJson, contentType: null, context.RequestAborted);
    }
}
