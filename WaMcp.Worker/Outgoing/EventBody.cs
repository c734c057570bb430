using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Data;
using WaMcp.Domain.Endpoints;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Messages;

namespace WaMcp.Worker.Outgoing;

/// <summary>What an endpoint is told of an event: made anew for every attempt, of what the database holds and the client may have at that moment.</summary>
/// <remarks>So nothing leaves that was erased meanwhile, or over a channel whose grant was revoked, and no text is stored twice.</remarks>
/// <param name="context">The client's data.</param>
internal sealed class EventBody(WaMcpDbContext context)
{
    // What a contact wrote goes only to clients that could also read it with a tool.
    private static readonly string[] Readers = ["get_message", "get_messages", "get_message_context", "search_messages", "wait_for_reply"];

    // As tools write them.
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // never inside HTML
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    /// <summary>The body; null when the client is not to be told, or there is nothing left to tell.</summary>
    public async Task<byte[]?> MakeAsync(Job job, EndpointEvent happened, CancellationToken cancellationToken)
    {
        if (!await context.Clients.AnyAsync(client => client.Id == job.ClientId && client.DisabledAt == null, cancellationToken))
        {
            return null;
        }

        if (happened.Type == EndpointEvent.EndpointTest)
        {
            return Write(happened, job.CreatedAt, new { endpoint = job.EndpointId.ToString() });
        }

        var id = new MessageId(job.SubjectId);
        var found = await (
            from message in context.Messages.AsNoTracking()
            join contact in context.Contacts.AsNoTracking() on message.ContactId equals contact.Id
            join channel in context.Channels on message.ChannelId equals channel.Id
            join grant in context.Grants on message.ChannelId equals grant.ChannelId
            where message.Id == id && grant.ClientId == job.ClientId && grant.RevokedAt == null
            select new { message, contact, channel.Kind, grant.Tools }).SingleOrDefaultAsync(cancellationToken);
        if (found is null || (happened.Type != EndpointEvent.MessageStatus && !found.Tools.Intersect(Readers).Any()))
        {
            return null;
        }

        var linked = await LinkedMessages.FindAsync(context, [found.message], cancellationToken);
        var view = MessageView.Of(found.message, found.contact, found.Kind, linked);
        return Write(happened, At(happened, found.message), new { message = view, status = happened.Type == EndpointEvent.MessageStatus ? happened.Detail : null });
    }

    private static byte[] Write<TData>(EndpointEvent happened, DateTimeOffset at, TData data) =>
        JsonSerializer.SerializeToUtf8Bytes(new { type = happened.Type, timestamp = at.UtcDateTime, data }, Json);

    // When it happened: the same at every attempt.
    private static DateTimeOffset At(EndpointEvent happened, Message message) => (happened.Type switch
    {
        EndpointEvent.MessageEdited => happened.EditedAt,
        EndpointEvent.MessageRevoked => message.RevokedAt,
        EndpointEvent.MessageStatus => happened.Detail switch
        {
            "sent" => message.SentAt,
            "delivered" => message.DeliveredAt,
            "read" => message.ReadAt,
            _ => message.FailedAt,
        },
        _ => null,
    }) ?? message.CreatedAt;
}
