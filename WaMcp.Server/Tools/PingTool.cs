using System.ComponentModel;
using ModelContextProtocol.Protocol;
using WaMcp.Server.Mcp;

namespace WaMcp.Server.Tools;

/// <summary>Whether the key works, and whose it is.</summary>
internal sealed class PingTool() : MessagingTool<PingTool.Input, PingTool.Output>(
    "ping",
    "Ping",
    "Checks that your API key works. Answers with the client that the key belongs to and the server's time. Reads and changes nothing.",
    new ToolAnnotations { ReadOnlyHint = true, DestructiveHint = false, IdempotentHint = true, OpenWorldHint = false })
{
    internal sealed record Input;

    internal sealed record Output(
        [property: Description("Always true.")] bool Pong,
        [property: Description("The client that the key belongs to.")] string Client,
        [property: Description("The server's time, UTC.")] DateTimeOffset ServerTime);

    protected override Task<Output> ExecuteAsync(ToolCall<Input> call, CancellationToken cancellationToken) =>
        Task.FromResult(new Output(true, call.Caller.Client.Slug, call.Get<TimeProvider>().GetUtcNow()));
}
