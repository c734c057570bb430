using System.ComponentModel;
using ModelContextProtocol.Protocol;
using WaMcp.Domain.Messages;
using WaMcp.Server.Mcp;

namespace WaMcp.Server.Tools;

/// <summary>What is used of every limit, and what was sent.</summary>
internal sealed class GetUsageTool() : MessagingTool<GetUsageTool.Input, GetUsageTool.Output>(
    "get_usage",
    "Get usage",
    "Shows what you have left: calls in this minute, messages under the daily caps of your key and of each channel, and what you sent by category in "
    + "the last 24 hours and 30 days, with how much of it the provider said it bills. Call it before you send many messages.",
    new ToolAnnotations { ReadOnlyHint = true, DestructiveHint = false, IdempotentHint = true, OpenWorldHint = false })
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Month = TimeSpan.FromDays(30);

    internal sealed record Input(
        [property: Description("Only this channel: its id, name or phone number id. All of yours unless told.")] string? Channel = null);

    internal sealed record Output(
        [property: Description("Calls a minute; absent at the machine itself, where there is no limit.")] Minute? PerMinute,
        [property: Description("Your key's daily cap over all channels; absent when it has none.")] CapView? KeyCap,
        [property: Description("Your channels.")] IReadOnlyList<ChannelUsage> Channels);

    internal sealed record Minute(
        [property: Description("Calls that you may make in a minute.")] int Limit,
        [property: Description("How many are left just now, this one counted.")] int Remaining,
        [property: Description("When the present minute ends.")] DateTimeOffset ResetAt);

    internal sealed record ChannelUsage(
        [property: Description("The channel's id.")] string Id,
        [property: Description("The operator's name for it.")] string Name,
        [property: Description("Your daily cap on it; absent when there is none.")] CapView? Cap,
        [property: Description("What you sent in the last 24 hours, by category.")] IReadOnlyList<Line> Last24Hours,
        [property: Description("What you sent in the last 30 days, by category.")] IReadOnlyList<Line> Last30Days);

    internal sealed record Line(
        [property: Description("What it is billed as, or was sent as while the provider has not said.")] MessageCategory Category,
        [property: Description("Messages that the provider took, or may have taken.")] long Sent,
        [property: Description("Those of which the provider said that it bills them.")] long Billable)
    {
        public static Line Of(MessageUsage.Line line) => new(line.Category, line.Sent, line.Billable);
    }

    protected override async Task<Output> ExecuteAsync(ToolCall<Input> call, CancellationToken cancellationToken)
    {
        var (client, now) = (call.Caller.Client, call.Get<TimeProvider>().GetUtcNow());
        var (forecast, usage) = (call.Get<ForecastSend>(), call.Get<MessageUsage>());
        var channels = new List<ChannelUsage>();
        foreach (var channel in call.GrantedChannel is { } named ? [named] : client.ChannelsFor(Name))
        {
            var (_, cap) = await forecast.CapsAsync(client, channel, cancellationToken);
            channels.Add(new ChannelUsage(
                channel.Id.ToString(),
                channel.Name,
                CapView.Of(cap),
                [.. (await usage.ReadAsync(channel.Id, now - Day, cancellationToken)).Select(Line.Of)],
                [.. (await usage.ReadAsync(channel.Id, now - Month, cancellationToken)).Select(Line.Of)]));
        }

        var (ofKey, _) = await forecast.CapsAsync(client, null, cancellationToken);
        var limit = call.Caller.Limit;
        return new Output(
            limit is null ? null : new Minute(limit.Limit, limit.Remaining, limit.ResetAt), CapView.Of(ofKey), channels);
    }
}
