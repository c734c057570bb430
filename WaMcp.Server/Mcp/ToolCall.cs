using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Server.Auth;

namespace WaMcp.Server.Mcp;

/// <summary>One call of a tool, checked as far as it can be checked without the tool.</summary>
/// <param name="Input">What was asked.</param>
/// <param name="Caller">Who asked.</param>
/// <param name="GrantedChannel">The channel that the input names, granted; null when it names none.</param>
/// <param name="Services">The call's scope.</param>
/// <param name="Progress">Where to tell how far it is; null when the caller does not want to know.</param>
internal sealed record ToolCall<TInput>(
    TInput Input, Caller Caller, GrantedChannel? GrantedChannel, IServiceProvider Services, ToolProgress? Progress = null)
{
    /// <summary>The granted channel, of a tool that needs one.</summary>
    /// <exception cref="Fault">The input named it with something that is no text.</exception>
    public GrantedChannel Channel => GrantedChannel ?? throw Fault.Invalid(ChannelArgument.Name, "name a channel.", "list_channels shows yours.");

    /// <summary>The channel that it turned out to be about, when the input named none: for the audit row.</summary>
    public ChannelId? Concerns { get; set; }

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();
}
