using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace WaMcp.Server.Mcp;

/// <summary>Why a POST is refused before the MCP server sees it.</summary>
internal sealed record McpRefusal(int Status, int Code, string Message, JsonNode? Data = null);

/// <summary>
/// What the HTTP binding asks of a POST beyond being JSON-RPC: headers that repeat the body, for proxies that route by them, and the
/// metadata that each request of the stateless revisions carries.
/// https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http
/// </summary>
internal readonly partial struct McpRequestChecks
{
    internal const string VersionHeader = "MCP-Protocol-Version";
    private const string MethodHeader = "Mcp-Method";
    private const string NameHeader = "Mcp-Name";
    private const string SessionHeader = "Mcp-Session-Id";
    private const string FirstStatelessVersion = "2026-07-28";

    private static readonly string[] SessionVersions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
    private static readonly string[] StatelessVersions = [FirstStatelessVersion];

    // RFC 9110, section 5.5, without what it calls obsolete.
    private static readonly SearchValues<char> HeaderCharacters =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Append('\t').Select(code => (char)code)]);

    private readonly IHeaderDictionary headers;
    private readonly McpServerOptions options;
    private readonly JsonRpcMessage message;
    private readonly string version;
    private readonly string? method;
    private readonly JsonObject? parameters;

    internal McpRequestChecks(IHeaderDictionary headers, JsonRpcMessage message, McpServerOptions options)
    {
        this.headers = headers;
        this.message = message;
        this.options = options;
        version = headers[VersionHeader].ToString();
        (method, var body) = message switch
        {
            JsonRpcRequest request => (request.Method, request.Params),
            JsonRpcNotification notification => (notification.Method, notification.Params),
            _ => (null, null),
        };
        parameters = body as JsonObject;
    }

    /// <summary>The versions this endpoint speaks, oldest first.</summary>
    internal static IReadOnlyList<string> Versions { get; } = [.. SessionVersions, .. StatelessVersions];

    /// <summary>Whether the request is of a revision without <c>initialize</c> and sessions.</summary>
    internal bool IsStateless => IsStatelessVersion(version);

    /// <summary>The first thing that is wrong, or null.</summary>
    internal McpRefusal? Refusal() =>
        UnknownVersion()
        ?? (method is null ? null : ContradictingVersions())
        ?? (method is null || !IsStateless ? null : ContradictingHeaders())
        ?? (message is JsonRpcRequest ? MissingMetadata() ?? RemovedMethod() : null)
        ?? Session();

    private McpRefusal? UnknownVersion()
    {
        var spoken = options.ProtocolVersion is { } only ? [only] : Versions;
        if (version.Length == 0 || spoken.Contains(version))
        {
            return null;
        }

        // Whoever asks by version wants one that works without initialize, so those are what is offered, as server/discover does.
        var offered = spoken.Where(IsStatelessVersion).ToArray();
        var data = new UnsupportedProtocolVersionErrorData { Supported = offered.Length > 0 ? offered : [.. spoken], Requested = version };
        return new McpRefusal(StatusCodes.Status400BadRequest, (int)McpErrorCode.UnsupportedProtocolVersion,
            $"This server does not speak the protocol version '{version}' that the {VersionHeader} header names.",
            JsonSerializer.SerializeToNode(data, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(UnsupportedProtocolVersionErrorData))));
    }

    private McpRefusal? ContradictingVersions()
    {
        if (method == RequestMethods.Initialize && message is JsonRpcRequest && Text(parameters, "protocolVersion") is { } asked
            && version.Length > 0 && version != asked)
        {
            return Contradiction($"The {VersionHeader} header says '{version}', params.protocolVersion says '{asked}'.");
        }

        var declared = Text(Metadata, MetaKeys.ProtocolVersion);
        if (!IsStateless && !IsStatelessVersion(declared))
        {
            return null;
        }

        if (version.Length == 0)
        {
            return Contradiction($"The body names the protocol version '{declared}', and the {VersionHeader} header is missing.");
        }

        if (string.IsNullOrEmpty(declared))
        {
            // A notification has nobody to tell, and dropping a cancellation for this would leave the work running.
            return message is JsonRpcRequest ? MissingField(MetaKeys.ProtocolVersion) : null;
        }

        return declared == version
            ? null
            : Contradiction($"The {VersionHeader} header says '{version}', _meta/{MetaKeys.ProtocolVersion} says '{declared}'.");
    }

    private McpRefusal? ContradictingHeaders()
    {
        if (headers[MethodHeader].ToString().Trim() is var named && named != method)
        {
            return Contradiction(named.Length == 0
                ? $"The {MethodHeader} header is missing; it repeats the method of the body."
                : $"The {MethodHeader} header says '{named}', the body says '{method}'.");
        }

        if (NameParameter() is not { } parameter)
        {
            return null;
        }

        var name = Text(parameters, parameter);
        return Decoded(NameHeader, out var header) is { } unreadable ? unreadable
            : header is null ? Contradiction($"The {NameHeader} header is missing; it repeats params.{parameter}.")
            : header != name ? Contradiction($"The {NameHeader} header says '{header}', params.{parameter} says '{name}'.")
            : method == RequestMethods.ToolsCall && message is JsonRpcRequest ? ContradictingArguments(header)
            : null;
    }

    // Which parameter of a method is repeated in the Mcp-Name header.
    private string? NameParameter() => method switch
    {
        RequestMethods.ToolsCall or RequestMethods.PromptsGet => "name",
        RequestMethods.ResourcesRead => "uri",
#pragma warning disable MCPEXP002 // the tasks extension registers its methods this way
        _ => options.RequestHandlers?.FirstOrDefault(Handles)?.RoutingNameParameter,
#pragma warning restore MCPEXP002
    };

#pragma warning disable MCPEXP002
    private bool Handles(McpServerRequestHandler handler) => handler.Method == method;
#pragma warning restore MCPEXP002

    private McpRefusal? MissingMetadata() =>
        IsStateless && Metadata?[MetaKeys.ClientCapabilities] is not JsonObject ? MissingField(MetaKeys.ClientCapabilities) : null;

    private McpRefusal? RemovedMethod() =>
        IsStateless && method is RequestMethods.Initialize or RequestMethods.Ping or "logging/setLevel"
            or RequestMethods.ResourcesSubscribe or RequestMethods.ResourcesUnsubscribe
            ? new McpRefusal(StatusCodes.Status404NotFound, (int)McpErrorCode.MethodNotFound,
                $"The protocol version '{version}' has no method '{method}'.")
            : null;

    // The stateless revisions know no sessions and ignore the header. An older client sends it only if a server gave it one, and we do not.
    private McpRefusal? Session() => !IsStateless && headers[SessionHeader].ToString().Length > 0
        ? new McpRefusal(StatusCodes.Status400BadRequest, McpEndpoint.TransportError,
            $"This server has no sessions; leave out the {SessionHeader} header.")
        : null;

    private JsonObject? Metadata => parameters?["_meta"] as JsonObject;

    /// <summary>A header's value, decoded where it came as <c>=?base64?…?=</c>; null where the header is missing.</summary>
    private McpRefusal? Decoded(string name, out string? value)
    {
        value = null;
        if (!headers.TryGetValue(name, out var raw))
        {
            return null;
        }

        var text = raw.ToString().Trim();
        value = text.AsSpan().ContainsAnyExcept(HeaderCharacters) ? null : McpHeaderEncoder.DecodeValue(text);
        return value is null ? Contradiction($"The {name} header cannot be read; text outside ASCII comes as =?base64?…?=.") : null;
    }

    private McpRefusal MissingField(string key) => new(StatusCodes.Status400BadRequest, (int)McpErrorCode.InvalidParams,
        $"A request of protocol version '{version}' must carry params._meta/{key}: the version as text, the capabilities as an object.");

    private static McpRefusal Contradiction(string message) =>
        new(StatusCodes.Status400BadRequest, (int)McpErrorCode.HeaderMismatch, message);

    private static bool IsStatelessVersion(string? version) => string.CompareOrdinal(version, FirstStatelessVersion) >= 0;

    private static string? Text(JsonObject? node, string key) =>
        node?[key] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
