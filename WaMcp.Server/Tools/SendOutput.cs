using System.ComponentModel;
using System.Text.Json.Nodes;
using WaMcp.Domain;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Limits;
using WaMcp.Domain.Messages;

namespace WaMcp.Server.Tools;

/// <summary>The answer of every send.</summary>
internal sealed record SendOutput
{
    [Description("The message's id, for get_message. Absent for a dry run.")]
    public string? MessageId { get; init; }

    [Description("The conversation it belongs to. Absent for a dry run to somebody new.")]
    public string? ConversationId { get; init; }

    [Description("Where it is on its way; queued unless you waited. Absent for a dry run.")]
    public MessageState? State { get; init; }

    [Description("Why it failed, or why its outcome is not known.")]
    public MessageView.Failure? Error { get; init; }

    [Description("True when the same idempotencyKey and input came before: this is the message of that call.")]
    public bool? Repeated { get; init; }

    [Description("Whether free-form messages reach this person.")]
    public required WindowView Window { get; init; }

    [Description("What it counts as: service, utility, authentication or marketing. What is billed in the end, get_message tells.")]
    public required MessageCategory Category { get; init; }

    [Description("The files in it: with these ids they can be sent again.")]
    public IReadOnlyList<string>? MediaIds { get; init; }

    [Description("Something to know about it.")]
    public string? Notice { get; init; }

    [Description("Only for a dry run: what would become of it.")]
    public DryRunView? DryRun { get; init; }

    internal sealed record DryRunView(
        [property: Description("Whether it would be sent now.")] bool Allowed,
        [property: Description("Why it would not be sent; empty when it would.")] IReadOnlyList<Refusal> Refusals,
        [property: Description("The document that the provider would get; biz_opaque_callback_data is made when it is sent.")] JsonObject WouldSend,
        [property: Description("Your key's daily cap; absent when it has none.")] CapView? KeyCap,
        [property: Description("Your daily cap on this channel; absent when there is none.")] CapView? ChannelCap,
        [property: Description("How many seconds the channel is busy with what was sent before.")] double PaceSeconds);

    internal sealed record Refusal(
        [property: Description("A reason word.")] string Reason,
        [property: Description("What is wrong.")] string Message,
        [property: Description("What you can do.")] string? NextAction,
        [property: Description("When to try again.")] DateTimeOffset? RetryAt)
    {
        public static Refusal Of(Fault fault) => new(fault.Code.Reason, fault.PublicText, fault.NextAction, fault.RetryAt);
    }
}

/// <summary>A daily cap.</summary>
internal sealed record CapView(
    [property: Description("Messages in 24 hours.")] int Cap,
    [property: Description("Of the last 24 hours.")] long Used,
    [property: Description("How many more you may send now.")] long Left,
    [property: Description("When there is a place again; absent while there is one.")] DateTimeOffset? NextFreeAt)
{
    public static CapView? Of(CapUse? use) => use is null ? null : new(use.Cap, use.Used, use.Left, use.NextFreeAt);
}
