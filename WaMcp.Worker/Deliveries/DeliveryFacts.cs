using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Data;
using WaMcp.Domain.Limits;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;

namespace WaMcp.Worker.Deliveries;

/// <summary>What decides whether a client's messages may be sent at this moment, read once for a whole batch.</summary>
internal sealed class DeliveryFacts
{
    private readonly Dictionary<ChannelId, Channel> channels;
    private readonly Dictionary<ContactId, Contact> contacts;
    private readonly Dictionary<ChannelId, Grant> grants;
    private readonly Dictionary<ApiKeyId, ApiKey> keys;
    private readonly ILookup<MediaObjectId, MediaUpload> uploads;
    private readonly bool clientDisabled;

    private DeliveryFacts(
        Dictionary<ChannelId, Channel> channels, Dictionary<ContactId, Contact> contacts, Dictionary<ChannelId, Grant> grants,
        Dictionary<ApiKeyId, ApiKey> keys, ILookup<MediaObjectId, MediaUpload> uploads, bool clientDisabled)
    {
        (this.channels, this.contacts, this.grants, this.keys, this.uploads, this.clientDisabled) =
            (channels, contacts, grants, keys, uploads, clientDisabled);
    }

    /// <summary>Reads them for messages of the scope's client.</summary>
    public static async Task<DeliveryFacts> ReadAsync(
        WaMcpDbContext context, IReadOnlyCollection<Message> messages, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ChannelId[] channels = [.. messages.Select(message => message.ChannelId).Distinct()];
        ContactId[] contacts = [.. messages.Select(message => message.ContactId).Distinct()];
        ApiKeyId[] keys = [.. messages.Select(message => message.ApiKeyId).OfType<ApiKeyId>().Distinct()];
        var client = messages.First().ClientId;
        return new(
            await context.Channels.AsNoTracking().Where(channel => channels.Contains(channel.Id)).ToDictionaryAsync(channel => channel.Id, cancellationToken),
            await context.Contacts.AsNoTracking().Where(contact => contacts.Contains(contact.Id)).ToDictionaryAsync(contact => contact.Id, cancellationToken),
            await context.Grants.AsNoTracking().Where(grant => grant.ClientId == client && grant.RevokedAt == null)
                .ToDictionaryAsync(grant => grant.ChannelId, cancellationToken),
            await context.ApiKeys.AsNoTracking().Where(key => keys.Contains(key.Id)).ToDictionaryAsync(key => key.Id, cancellationToken),
            await UploadsAsync(context, messages, now, cancellationToken),
            await context.Clients.AnyAsync(candidate => candidate.Id == client && candidate.DisabledAt != null, cancellationToken));
    }

    public Channel Channel(Message message) => channels[message.ChannelId];

    public Contact Contact(Message message) => contacts[message.ContactId];

    /// <summary>The provider's copies of the files that the message needs; null for those that have to be uploaded first.</summary>
    public IReadOnlyDictionary<MediaObjectId, MediaUpload?> Media(Message message) => message.MediaIds.Select(id => new MediaObjectId(id)).ToDictionary(
        id => id, id => uploads[id].FirstOrDefault(upload => upload.ChannelId == message.ChannelId));

    /// <summary>Why it must not be sent, whatever the caps say: what it said is gone, or what somebody took back since it was accepted.</summary>
    public SendOutcome.Refused? Refusal(Message message, MessageContent? content)
    {
        if (content is null)
        {
            return message.Raw is null
                ? new("content_gone", "What it said was erased before it could be sent.")
                : new("unsupported_type", "This version cannot send this kind of message.");
        }

        if (!grants.TryGetValue(message.ChannelId, out var grant) || !grant.Tools.Contains(ToolNames.ThatSends(message.Kind)))
        {
            return new("grant_denied", "The grant on this channel was revoked before the message was sent.");
        }

        if (clientDisabled)
        {
            return new("client_disabled", "The client was disabled before the message was sent.");
        }

        if (KeyOf(message) is { RevokedAt: not null, EndedByRotation: false })
        {
            return new("key_revoked", "The key was revoked before the message was sent.");
        }

        return message.Category == MessageCategory.Marketing && Contact(message).MarketingStoppedAt is not null
            ? new("opted_out", "The person wants no more marketing from this number.")
            : null;
    }

    /// <summary>The daily caps that it counts under.</summary>
    public IEnumerable<SendingCap> Caps(Message message)
    {
        if (grants.GetValueOrDefault(message.ChannelId)?.DailyMessageCap is { } ofGrant)
        {
            yield return new(DailyCap.SubjectOf(message.ClientId, message.ChannelId), ofGrant, "this channel");
        }

        if (KeyOf(message) is { DailyMessageLimit: { } ofKey } key)
        {
            yield return new(DailyCap.SubjectOf(key.Id), ofKey, "this key");
        }
    }

    private ApiKey? KeyOf(Message message) => message.ApiKeyId is { } id ? keys[id] : null;

    private static async Task<ILookup<MediaObjectId, MediaUpload>> UploadsAsync(
        WaMcpDbContext context, IReadOnlyCollection<Message> messages, DateTimeOffset now, CancellationToken cancellationToken)
    {
        MediaObjectId[] needed = [.. messages.SelectMany(message => message.MediaIds).Distinct().Select(id => new MediaObjectId(id))];
        var fresh = now + UploadMedia.RenewBefore;
        List<MediaUpload> found = needed.Length == 0 ? [] : await context.MediaUploads.AsNoTracking()
            .Where(upload => needed.Contains(upload.MediaId) && upload.ExpiresAt > fresh).ToListAsync(cancellationToken);
        return found.ToLookup(upload => upload.MediaId);
    }
}
