using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Server.Auth;

namespace WaMcp.Server.Mcp;

/// <summary>
/// What every tool is: a name and a description that an agent can act on, an input and an output with schemas, and one way through
/// scope, grant, validation, work and audit.
/// </summary>
/// <remarks>
/// Scope and grant are checked here on what the protocol layer parsed, whatever the gate in front has read: the second wall over HTTP, the
/// only one over stdio. A refused call is a JSON-RPC error (-32001) and a row <c>scope_denied</c> or <c>grant_denied</c>; a call that
/// ran and met a business rule is a result with <c>isError</c>. Exactly one audit row is written per call.
/// </remarks>
/// <typeparam name="TInput">A record; required members are required of callers.</typeparam>
/// <typeparam name="TOutput">A record; becomes <c>structuredContent</c>.</typeparam>
internal abstract partial class MessagingTool<TInput, TOutput> : McpServerTool
    where TInput : class
    where TOutput : class
{
    private readonly ToolInput<TInput> input = new();

    protected MessagingTool(string name, string title, string description, ToolAnnotations annotations)
    {
        annotations.Title = title;
        ProtocolTool = new Tool
        {
            Name = name,
            Title = title,
            Description = description,
            Annotations = annotations,
            InputSchema = input.Schema,
            OutputSchema = ToolSchema.Of(typeof(TOutput)),
        };
    }

    public override Tool ProtocolTool { get; }

    public override IReadOnlyList<object> Metadata => [];

    protected string Name => ProtocolTool.Name;

    public override async ValueTask<CallToolResult> InvokeAsync(
        RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default)
    {
        var services = request.Services ?? throw new InvalidOperationException("The request has no services.");
        var caller = services.GetRequiredService<Caller>();
        var clock = services.GetRequiredService<TimeProvider>();
        var arguments = ToolInput.Arguments(request.Params?.Arguments);
        var started = clock.GetTimestamp();
        GrantedChannel? channel = null;
        ToolCall<TInput>? call = null;
        Fault? fault = null;
        try
        {
            caller.Client.RequireScope(Name);
            channel = ChannelArgument.Find(arguments) is { } named ? caller.Client.RequireGrant(named, Name) : null;
            var progress = request.Params?.ProgressToken is { } token ? new ToolProgress(request.Server, token) : null;
            call = new ToolCall<TInput>(input.Read(arguments), caller, channel, services, progress);
            var output = await ExecuteAsync(call, cancellationToken);
            return Answer(JsonSerializer.SerializeToElement(output, ToolSchema.Json), isError: false, Links(output));
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            fault = exception as Fault ?? Unforeseen(services, exception);
            return fault.Code == FaultCode.ScopeDenied || fault.Code == FaultCode.GrantDenied || fault.Code == FaultCode.AuthFailed
                ? throw RpcFault.Of(fault)
                : Answer(Describe(fault), isError: true);
        }
        catch (OperationCanceledException)
        {
            fault = new Fault(FaultCode.Cancelled, "The caller hung up.");
            throw;
        }
        finally
        {
            Activity.Current?.SetTag("wamcp.tool", Name).SetTag("wamcp.outcome", fault?.Code.Reason ?? "ok");
            await services.GetRequiredService<CallAudit>()
                .WriteCallAsync(Name, channel?.Id ?? call?.Concerns, arguments, fault, clock.GetElapsedTime(started));
        }
    }

    /// <summary>The work. Throws <see cref="Fault"/> for what the caller must know.</summary>
    protected abstract Task<TOutput> ExecuteAsync(ToolCall<TInput> call, CancellationToken cancellationToken);

    /// <summary>What the answer leads to.</summary>
    protected virtual IEnumerable<ResourceLinkBlock> Links(TOutput output) => [];

    private static CallToolResult Answer(JsonElement content, bool isError, IEnumerable<ResourceLinkBlock>? links = null) => new()
    {
        StructuredContent = content,
        // Old clients read only text; the specification asks for the same document there.
        Content = [new TextContentBlock { Text = content.GetRawText() }, .. links ?? []],
        IsError = isError,
    };

    private static JsonElement Describe(Fault fault)
    {
        var answer = new JsonObject { ["reason"] = fault.Code.Reason, ["message"] = fault.PublicText };
        Add("nextAction", fault.NextAction);
        Add("field", fault.Field);
        Add("retryAt", fault.RetryAt?.ToString("O", System.Globalization.CultureInfo.InvariantCulture));
        return JsonSerializer.SerializeToElement(answer);

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                answer[name] = value;
            }
        }
    }

    private Fault Unforeseen(IServiceProvider services, Exception exception)
    {
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(GetType());
        LogUnforeseen(logger, exception, Name);
        // A connection can break after the database took the change and before it said so.
        var nextAction = ProtocolTool.Annotations is { ReadOnlyHint: true }
            ? "Try again in a moment; if it stays, tell the operator the time."
            : "It is not certain whether this was done: look with get_messages before you try again.";
        return DatabaseAway.Caused(exception)
            ? new Fault(FaultCode.Unavailable, "The database is away just now.", nextAction, inner: exception)
            : new Fault(FaultCode.Internal, "Something went wrong on our side.", nextAction, inner: exception);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Tool {Tool} failed.")]
    private static partial void LogUnforeseen(ILogger logger, Exception exception, string tool);
}
