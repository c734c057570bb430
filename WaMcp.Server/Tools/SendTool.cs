using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using ModelContextProtocol.Protocol;
using WaMcp.Domain;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Data;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;
using WaMcp.Server.Mcp;

namespace WaMcp.Server.Tools;

/// <summary>
/// What every send is: a draft of a message, then the same way for all: looked at only (<c>dryRun</c>), accepted once however often it is
/// called (<c>idempotencyKey</c>), and waited for if asked (<c>waitSeconds</c>). A tool says only what its input means.
/// </summary>
internal abstract class SendTool<TInput>(string name, string title, string description) : MessagingTool<TInput, SendOutput>(
    name,
    title,
    $"{description} "
    + "The message is accepted and durable when this returns, and is delivered in the background: follow it with get_message "
    + "(queued, sending, sent, delivered, read, or failed with a reason). A sent message cannot be recalled. "
    + "Do not call it again because an answer is late: give an idempotencyKey, or look with get_message or get_messages first.",
    new ToolAnnotations { ReadOnlyHint = false, DestructiveHint = true, IdempotentHint = false, OpenWorldHint = true })
    where TInput : SendInput
{
    private const int MaxWait = 30;

    // Members that a later version adds, and nobody gave, must not make another order of the same one.
    private static readonly System.Text.Json.JsonSerializerOptions WhatWasSaid = new(ToolSchema.Json)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingDefault,
    };

    /// <summary>What the input means.</summary>
    /// <exception cref="Fault">It means nothing that could be sent.</exception>
    protected abstract Task<Draft> DraftAsync(ToolCall<TInput> call, CancellationToken cancellationToken);

    protected sealed override async Task<SendOutput> ExecuteAsync(ToolCall<TInput> call, CancellationToken cancellationToken)
    {
        var input = call.Input;
        if (input.WaitSeconds is < 0 or > MaxWait)
        {
            throw Fault.Invalid("waitSeconds", $"must be 0 to {MaxWait}.");
        }

        var repeat = Repeat(call);
        if (repeat is not null && await call.Get<SendMessage>().FindAsync(repeat, cancellationToken) is { } known)
        {
            return await AnswerAsync(call, known, null, cancellationToken); // also when it could not be accepted any more
        }

        var draft = await DraftAsync(call, cancellationToken);
        var order = new MessageOrder(call.Channel, draft.Recipient, draft.Content, call.Caller.Client.ApiKeyId, call.Caller.RequestId, repeat);
        try
        {
            if (draft.Files is { Count: > 0 } files)
            {
                order = order with { Content = await WithFilesAsync(call, order, files, cancellationToken) };
            }

            if (input.DryRun)
            {
                return await ForecastAsync(call, order, draft.Notice, cancellationToken);
            }

            var accepted = await call.Get<SendMessage>().ExecuteAsync(order, cancellationToken);
            return await AnswerAsync(call, accepted, draft.Notice, cancellationToken);
        }
        catch (Fault fault) when (fault.Code == FaultCode.WindowClosed)
        {
            throw await WithTemplatesAsync(call, fault, cancellationToken);
        }
    }

    // Nothing is fetched or kept for a message that is refused anyway.
    private static async Task<MessageContent> WithFilesAsync(
        ToolCall<TInput> call, MessageOrder order, IReadOnlyList<FileArgument> files, CancellationToken cancellationToken)
    {
        order.Content.Check();
        if (!call.Input.DryRun)
        {
            await call.Get<ForecastSend>().RequireAsync(order, cancellationToken);
        }

        ChannelId[] seen = [.. call.Caller.Client.ChannelsFor(MediaArgument.Tool).Select(channel => channel.Id)];
        var taken = new List<MediaObjectId>();
        foreach (var file in files)
        {
            taken.Add(await file.ResolveAsync(call.Get<AcceptMedia>(), seen, call.Input.DryRun, cancellationToken));
        }

        return order.Content.With(taken);
    }

    /// <summary>The provider's id of the message that is answered; null when none is.</summary>
    protected static async Task<string?> AnsweredAsync(
        ToolCall<TInput> call, string? replyTo, Recipient recipient, CancellationToken cancellationToken)
    {
        if (replyTo is null)
        {
            return null;
        }

        var (message, contact) = await MessageArgument.FindAsync(call, "replyTo", replyTo, cancellationToken);
        return recipient.ProviderUserId == (recipient.Phone is null ? contact.ProviderUserId : null) && (recipient.Phone is null || recipient.Phone == contact.Phone)
            ? message.ProviderMessageId
            : throw Fault.Invalid("replyTo", "belongs to a conversation with somebody else.");
    }

    private static async Task<SendOutput> AnswerAsync(
        ToolCall<TInput> call, AcceptedMessage accepted, string? notice, CancellationToken cancellationToken)
    {
        var message = accepted.Message;
        if (call.Input.WaitSeconds > 0 && message.State is MessageState.Queued or MessageState.Sending)
        {
            await call.Get<MessageWatch>().WaitAsync(message.ClientId, message.Id, TimeSpan.FromSeconds(call.Input.WaitSeconds), cancellationToken);
            var id = message.Id;
            message = await call.Get<WaMcpDbContext>().Messages.AsNoTracking().SingleAsync(row => row.Id == id, cancellationToken);
        }

        return new SendOutput
        {
            MessageId = message.Id.ToString(),
            ConversationId = message.ConversationId.ToString(),
            State = message.State,
            Error = message.ErrorCode is null ? null : await FailureView.OfAsync(call.Services, message, cancellationToken),
            Repeated = accepted.Repeated ? true : null,
            Window = WindowView.Of(accepted.Window),
            Category = message.Category,
            MediaIds = message.MediaIds is { Length: > 0 } files ? [.. files.Select(file => new MediaObjectId(file).ToString())] : null,
            Notice = notice,
        };
    }

    private static async Task<SendOutput> ForecastAsync(
        ToolCall<TInput> call, MessageOrder order, string? notice, CancellationToken cancellationToken)
    {
        var forecast = await call.Get<ForecastSend>().ExecuteAsync(order, call.Caller.Client, cancellationToken);
        var refusals = new List<SendOutput.Refusal>();
        foreach (var fault in forecast.Refusals)
        {
            refusals.Add(SendOutput.Refusal.Of(
                fault.Code == FaultCode.WindowClosed ? await WithTemplatesAsync(call, fault, cancellationToken) : fault));
        }

        var document = call.Get<IEnumerable<IChannel>>().Single(channel => channel.Kind == call.Channel.Kind).Describe(
            order.Recipient, order.Content, default, order.Content.Media.Distinct().ToFrozenDictionary(id => id, id => id.ToString()));
        document.Remove("biz_opaque_callback_data");
        return new SendOutput
        {
            ConversationId = forecast.Conversation?.ToString(),
            Window = WindowView.Of(forecast.Window),
            Category = order.Content.Category,
            Notice = notice,
            DryRun = new SendOutput.DryRunView(
                refusals.Count == 0,
                refusals,
                document,
                CapView.Of(forecast.OfKey),
                CapView.Of(forecast.OfChannel),
                Math.Round(forecast.Wait.TotalSeconds, 3)),
        };
    }

    private static async Task<Fault> WithTemplatesAsync(ToolCall<TInput> call, Fault fault, CancellationToken cancellationToken) =>
        new(fault.Code, fault.PublicText, await InsteadOfFreeForm.SentenceAsync(call.Services, call.Channel.Id, cancellationToken), fault.Field);

    // The same order is the same tool with the same input; how long somebody waits for it makes no difference.
    private RepeatKey? Repeat(ToolCall<TInput> call)
    {
        if (call.Input.IdempotencyKey is not { } key)
        {
            return null;
        }

        if (key.Length is < 1 or > RepeatKey.MaxKey || key.Any(character => character is < ' ' or > '~'))
        {
            throw Fault.Invalid("idempotencyKey", $"must be 1 to {RepeatKey.MaxKey} printable ASCII characters.");
        }

        var order = JsonObject.Create(System.Text.Json.JsonSerializer.SerializeToElement(call.Input, WhatWasSaid))!;
        foreach (var member in (ReadOnlySpan<string>)["idempotencyKey", "waitSeconds", "dryRun"])
        {
            order.Remove(member);
        }

        order["channel"] = call.Channel.Id.ToString();
        order["tool"] = Name;
        return new RepeatKey(key, PayloadHash.Of(System.Text.Json.JsonSerializer.SerializeToElement(order))
            ?? throw Fault.Invalid("idempotencyKey", "cannot go with an input that has no canonical form."));
    }

    /// <summary>What a tool's input means.</summary>
    /// <param name="Recipient">To whom.</param>
    /// <param name="Content">What.</param>
    /// <param name="Notice">Something that the caller should know about it.</param>
    /// <param name="Files">The files that it carries, still to be taken; in the order of <see cref="MessageContent.Media"/>.</param>
    protected sealed record Draft(Recipient Recipient, MessageContent Content, string? Notice = null, IReadOnlyList<FileArgument>? Files = null);
}
