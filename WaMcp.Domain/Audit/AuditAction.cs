namespace WaMcp.Domain.Audit;

/// <summary>The closed vocabulary of the audit log.</summary>
public static class AuditAction
{
    /// <summary>Every word.</summary>
    public static IReadOnlyList<string> All { get; } = [.. typeof(AuditAction).GetFields().Select(word => (string)word.GetRawConstantValue()!)];

    /// <summary>A request came without a usable key, or the check itself failed.</summary>
    public const string AuthFailed = "auth_failed";

    /// <summary>A key was used; at most once per key and minute.</summary>
    public const string KeyUsed = "key_used";

    /// <summary>A tool ran, whatever its result.</summary>
    public const string ToolCalled = "tool_called";

    /// <summary>A call was refused by the key's scopes.</summary>
    public const string ScopeDenied = "scope_denied";

    /// <summary>A call was refused for want of a grant.</summary>
    public const string GrantDenied = "grant_denied";

    /// <summary>A call was refused by the per-minute limit.</summary>
    public const string RateLimited = "rate_limited";

    /// <summary>A message is about to be handed to the provider.</summary>
    public const string SendAttempt = "send_attempt";

    /// <summary>The provider accepted a message.</summary>
    public const string SendSuccess = "send_success";

    /// <summary>A message will not be sent, or nobody knows whether it was.</summary>
    public const string SendFailed = "send_failed";

    /// <summary>A provider's delivery was accepted.</summary>
    public const string WebhookReceived = "webhook_received";

    /// <summary>A provider's delivery was refused.</summary>
    public const string WebhookRefused = "webhook_refused";

    /// <summary>A stored delivery was recorded for one client.</summary>
    public const string WebhookProcessed = "webhook_processed";

    /// <summary>An operator created a client.</summary>
    public const string ClientCreated = "client_created";

    /// <summary>An operator disabled a client.</summary>
    public const string ClientDisabled = "client_disabled";

    /// <summary>An operator enabled a client.</summary>
    public const string ClientEnabled = "client_enabled";

    /// <summary>An operator said how long a client's content is kept.</summary>
    public const string ClientRetentionSet = "client_retention_set";

    /// <summary>An operator added a channel.</summary>
    public const string ChannelAdded = "channel_added";

    /// <summary>The provider refused a whole channel; nothing more is sent through it.</summary>
    public const string ChannelStopped = "channel_stopped";

    /// <summary>An operator let a stopped channel send again.</summary>
    public const string ChannelResumed = "channel_resumed";

    /// <summary>An operator said how fast a channel may send.</summary>
    public const string ChannelPaced = "channel_paced";

    /// <summary>An operator gave a channel the new app secret of its organisation, or dropped the one before.</summary>
    public const string ChannelSecretRotated = "channel_secret_rotated";

    /// <summary>An operator said what became of a message whose outcome nobody knew.</summary>
    public const string MessageSettled = "message_settled";

    /// <summary>An operator withdrew a message before it was taken.</summary>
    public const string MessageCancelled = "message_cancelled";

    /// <summary>An operator put a job that was given up back into the queue.</summary>
    public const string DeadLetterRetried = "dead_letter_retried";

    /// <summary>An operator removed a job that was given up.</summary>
    public const string DeadLetterDiscarded = "dead_letter_discarded";

    /// <summary>An operator had stored deliveries of a provider taken apart once more.</summary>
    public const string InboundReplayed = "inbound_replayed";

    /// <summary>An operator looked at what a stored delivery says.</summary>
    public const string InboundRead = "inbound_read";

    /// <summary>An operator added an endpoint at which a client is told what happens.</summary>
    public const string EndpointAdded = "endpoint_added";

    /// <summary>An operator gave an endpoint a new secret.</summary>
    public const string EndpointSecretRotated = "endpoint_secret_rotated";

    /// <summary>An endpoint was switched off: by an operator, or because it takes nothing any more.</summary>
    public const string EndpointDisabled = "endpoint_disabled";

    /// <summary>An operator switched an endpoint on again.</summary>
    public const string EndpointEnabled = "endpoint_enabled";

    /// <summary>An operator tried an endpoint.</summary>
    public const string EndpointTested = "endpoint_tested";

    /// <summary>An operator had an endpoint told once more what happened.</summary>
    public const string EndpointReplayed = "endpoint_replayed";

    /// <summary>An operator granted a channel.</summary>
    public const string GrantAdded = "grant_added";

    /// <summary>An operator took a grant back.</summary>
    public const string GrantRevoked = "grant_revoked";

    /// <summary>An operator minted a key.</summary>
    public const string KeyMinted = "key_minted";

    /// <summary>An operator revoked a key.</summary>
    public const string KeyRevoked = "key_revoked";

    /// <summary>An operator put a new key in the place of another.</summary>
    public const string KeyRotated = "key_rotated";

    /// <summary>An operator rotated the pepper.</summary>
    public const string PepperRotated = "pepper_rotated";

    /// <summary>An operator erased what a client has of one person.</summary>
    public const string ContactErased = "contact_erased";

    /// <summary>Two contacts of one client turned out to be one person.</summary>
    public const string ContactsMerged = "contacts_merged";

    /// <summary>An operator asked for a daily duty to be done now.</summary>
    public const string DutyRequested = "duty_requested";

    /// <summary>The daily run that takes old content out of messages ended.</summary>
    public const string MessagesPruned = "messages_pruned";

    /// <summary>The daily run that moves old audit rows into files ended.</summary>
    public const string AuditArchived = "audit_archived";

    /// <summary>Rows of this log were lost; how many, and from when until when.</summary>
    public const string AuditGap = "audit_gap";
}
