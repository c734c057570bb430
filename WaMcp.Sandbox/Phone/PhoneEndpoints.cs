using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.HttpResults;
using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Behaviour;
using WaMcp.Sandbox.WhatsApp.Chats;
using WaMcp.Sandbox.WhatsApp.Media;
using WaMcp.Sandbox.WhatsApp.Webhooks;

namespace WaMcp.Sandbox.Phone;

/// <summary>The phone page and what it calls. The page is the customer's side: it never sees a token and needs none.</summary>
internal static class PhoneEndpoints
{
    private const int MessagesShown = 300;
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BusyHeartbeat = TimeSpan.FromMilliseconds(500);

    public static void AddPhone(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<PhoneFeed>();
        builder.Services.AddSingleton<PhoneChats>();
        builder.Services.AddSingleton<BubbleView>();
        builder.Services.AddSingleton<TapChoice>();
        builder.Services.AddSingleton<PhonePage>();
    }

    public static void MapPhone(this WebApplication app)
    {
        app.MapGet("/", (PhonePage page) => page.File("index.html"));
        app.MapGet("/phone/page/{name}", (string name, PhonePage page) => page.File(name));
        var phone = app.MapGroup("/phone");
        phone.MapGet("/overview", Overview);
        phone.MapGet("/chat", ShowChat);
        phone.MapGet("/events", Events);
        phone.MapGet("/media/{id}", ShowMedia);
        phone.MapPost("/text", WriteText);
        phone.MapPost("/file", WriteFileAsync).DisableAntiforgery();
        phone.MapPost("/tap", Tap);
        phone.MapPost("/reaction", React);
        phone.MapPost("/read", Read);
        phone.MapPost("/customers", AddCustomer);
    }

    private static IResult Overview(string? number, BusinessAccounts accounts, PhoneChats chats, PhoneFeed feed)
    {
        var chosen = accounts.FindNumber(number) ?? accounts.Numbers.First();
        return Results.Ok(new
        {
            Number = chosen.Id,
            Numbers = accounts.Numbers.Select(each => new { each.Id, each.DisplayNumber, each.VerifiedName }),
            Chats = chats.Of(chosen).Select(feed.Line),
        });
    }

    private static IResult ShowChat(
        string number, string customer, PhoneChats chats, BubbleView bubbles, PhoneFeed feed, TimeProvider clock) =>
        chats.Find(number, customer) is not { } chat ? Results.NotFound()
        : Results.Ok(new
        {
            Line = feed.Line(chat),
            TypingUntil = chat.TypingUntil > clock.GetUtcNow() ? chat.TypingUntil : (DateTimeOffset?)null,
            Messages = chat.Messages().Where(BubbleView.IsShown).TakeLast(MessagesShown).Select(bubbles.Of),
        });

    private static ServerSentEventsResult<object> Events(
        string number, string customer, PhoneFeed feed, CallbackVerification callback, WebhookQueue webhooks, CurrentBehaviour behaviour,
        IHostApplicationLifetime lifetime, HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        var stopping = lifetime.ApplicationStopping;
        return TypedResults.ServerSentEvents(
            Stream(number, customer.TrimStart('+'), feed, callback, webhooks, behaviour, stopping, context.RequestAborted));
    }

    private static async IAsyncEnumerable<SseItem<object>> Stream(
        string number, string customer, PhoneFeed feed, CallbackVerification callback, WebhookQueue webhooks, CurrentBehaviour behaviour,
        CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellationToken);
        using var page = feed.Open(number, customer);
        while (!ends.IsCancellationRequested)
        {
            yield return new SseItem<object>(State(callback, webhooks, behaviour), "sandbox");
            if (page.TakeLost())
            {
                yield return new SseItem<object>(new { }, "resync");
            }

            if (!await WaitAsync(page, webhooks.Pending > 0 ? BusyHeartbeat : Heartbeat, ends.Token))
            {
                continue;
            }

            while (page.Events.TryRead(out var happened))
            {
                yield return new SseItem<object>(happened.Data, happened.Type);
            }
        }
    }

    private static object State(CallbackVerification callback, WebhookQueue webhooks, CurrentBehaviour behaviour) => new
    {
        CallbackUrl = behaviour.Now.CallbackUrl?.ToString(),
        Verified = callback.State.Verified && callback.State.Url == behaviour.Now.CallbackUrl,
        Error = callback.State.LastError,
        webhooks.Pending,
        behaviour.Now.AutoRead,
    };

    /// <summary>False after a while without events, for a sign of life.</summary>
    private static async Task<bool> WaitAsync(PhoneFeed.Subscription page, TimeSpan most, CancellationToken cancellationToken)
    {
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        pause.CancelAfter(most);
        try
        {
            return await page.Events.WaitToReadAsync(pause.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static IResult WriteText(PhoneText text, PhoneChats chats, CustomerWrites customerWrites)
    {
        if (chats.Find(text.Number, text.Customer) is not { } chat)
        {
            return Results.NotFound();
        }

        if (string.IsNullOrWhiteSpace(text.Text) || text.Text.Length > 65_536)
        {
            throw new ArgumentException("Write something, up to 65,536 characters.");
        }

        var update = customerWrites.Execute(chat, "text", writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("body", text.Text);
            writer.WriteEndObject();
        }, text.ReplyTo);
        return Results.Ok(new { update.Id });
    }

    private static async Task<IResult> WriteFileAsync(
        string number, string customer, IFormFile file, PhoneChats chats, MediaStore media, CustomerWrites customerWrites, HttpContext context)
    {
        if (chats.Find(number, customer) is not { } chat)
        {
            return Results.NotFound();
        }

        using var content = new MemoryStream();
        await file.CopyToAsync(content, context.RequestAborted);
        var mimeType = string.IsNullOrEmpty(file.ContentType) ? "application/octet-stream" : file.ContentType;
        var kind = MediaKind.Of(mimeType) ?? "document";
        if (content.Length == 0 || content.Length > MediaKind.MostBytes(kind))
        {
            throw new ArgumentException($"A file of type {kind} has 1 to {MediaKind.MostBytes(kind)} bytes.");
        }

        var kept = media.AddInbound(chat.Number.Id, mimeType, Path.GetFileName(file.FileName), content.ToArray());
        var update = customerWrites.Execute(chat, kind, writer => SampleContent.WriteMedia(writer, kept, kind, caption: null));
        return Results.Ok(new { update.Id });
    }

    private static IResult Tap(PhoneTap tap, ChatBook chats, TapChoice tapChoice) =>
        chats.FindMessage(tap.Message) is { FromCustomer: false } message && tapChoice.Execute(message, tap.Index) is { } update
            ? Results.Ok(new { update.Id })
            : Results.NotFound();

    private static IResult React(PhoneReaction reaction, ChatBook chats, CustomerWrites customerWrites)
    {
        if (chats.FindMessage(reaction.Message) is not { } message)
        {
            return Results.NotFound();
        }

        var update = customerWrites.Execute(message.Chat, "reaction", writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("message_id", message.Id);
            writer.WriteString("emoji", new StringInfo(reaction.Emoji ?? "").LengthInTextElements > 1 ? "" : reaction.Emoji ?? "");
            writer.WriteEndObject();
        });
        return Results.Ok(new { update.Id });
    }

    private static IResult Read(PhoneChat open, PhoneChats chats, ReportStatuses statuses, CurrentBehaviour behaviour) =>
        chats.Find(open.Number, open.Customer) is { } chat
            ? Results.Ok(new { Read = behaviour.Now.AutoRead ? 0 : statuses.Read(chat) })
            : Results.NotFound();

    private static IResult AddCustomer(PhoneCustomer customer, Customers customers, PhoneFeed feed)
    {
        if (WhatsApp.Messages.Recipient.Digits(customer.WaId ?? "") is not { } waId || string.IsNullOrWhiteSpace(customer.Name))
        {
            throw new ArgumentException("A customer needs a name and a phone number of 7 to 15 digits.");
        }

        var added = customers.ByWaId(waId);
        added.Name = customer.Name.Trim();
        added.Kept = true;
        feed.Resync();
        return Results.Ok(new { Customer = added.Key });
    }

    /// <summary>Images may be shown; anything else is only ever a download, so that a file cannot act in the page's name.</summary>
    private static IResult ShowMedia(string id, MediaStore media, HttpContext context)
    {
        if (media.Find(id) is not { } file)
        {
            return Results.NotFound();
        }

        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        var shown = file.MimeType.StartsWith("image/", StringComparison.Ordinal) && !file.MimeType.Contains("svg", StringComparison.Ordinal)
            || file.MimeType.StartsWith("audio/", StringComparison.Ordinal)
            || file.MimeType.StartsWith("video/", StringComparison.Ordinal);
        return shown
            ? Results.File(file.Content, file.MimeType, enableRangeProcessing: true)
            : Results.File(file.Content, "application/octet-stream", file.FileName ?? id);
    }

    private sealed record PhoneChat(string? Number, string? Customer);

    private sealed record PhoneText(string? Number, string? Customer, string? Text, string? ReplyTo);

    private sealed record PhoneTap(string? Message, int Index);

    private sealed record PhoneReaction(string? Message, string? Emoji);

    private sealed record PhoneCustomer(string? WaId, string? Name);
}
