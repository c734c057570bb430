using System.ComponentModel;
using ModelContextProtocol.Protocol;
using WaMcp.Domain.Channels;
using WaMcp.Server.Mcp;

namespace WaMcp.Server.Tools;

/// <summary>What the client was granted, as far as this key may name it.</summary>
internal sealed class ListChannelsTool() : MessagingTool<ListChannelsTool.Input, ListChannelsTool.Output>(
    "list_channels",
    "List channels",
    "Lists the channels (for WhatsApp: phone numbers) that you may use, and which tools you may call on each. "
    + "Use the id, the name or the phone number id wherever a tool asks for a channel.",
    new ToolAnnotations { ReadOnlyHint = true, DestructiveHint = false, IdempotentHint = true, OpenWorldHint = false })
{
    internal sealed record Input;

    internal sealed record Output([property: Description("Your channels, by name.")] IReadOnlyList<Item> Channels);

    internal sealed record Item(
        [property: Description("The channel's id.")] string Id,
        [property: Description("The operator's name for it.")] string Name,
        [property: Description("Which provider it goes through.")] ChannelKind Kind,
        [property: Description("What people see; for WhatsApp the phone number.")] string Address,
        [property: Description("The provider's id; for WhatsApp the phone number id.")] string PhoneNumberId,
        [property: Description("The tools you may call on it.")] IReadOnlyList<string> Tools,
        [property: Description("How many messages you may send over it in 24 hours; absent when there is no cap.")] int? DailyMessageCap);

    protected override Task<Output> ExecuteAsync(ToolCall<Input> call, CancellationToken cancellationToken)
    {
        var client = call.Caller.Client;
        var items = client.VisibleChannels.Select(channel => new Item(
            channel.Id.ToString(),
            channel.Name,
            channel.Kind,
            channel.Address,
            channel.ProviderId,
            [.. channel.Tools.Where(client.Scopes.AllowTool)],
            channel.DailyMessageCap));
        return Task.FromResult(new Output([.. items]));
    }
}
