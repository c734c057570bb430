namespace WaMcp.Sandbox.Control;

/// <summary>
/// How the WhatsApp of the sandbox behaves. <c>GET /control/whatsapp/settings</c> answers all members; in a <c>PUT</c> a member that
/// is left out keeps its value.
/// </summary>
public sealed record SandboxSettings
{
    /// <summary>Wait this long before answering a Graph request.</summary>
    public double? ResponseDelayMs { get; init; }

    /// <summary>Wait this long before an inbound message and before each further status of a message goes out.</summary>
    public double? WebhookDelayMs { get; init; }

    /// <summary>Extra copies of every webhook POST.</summary>
    public int? Duplicates { get; init; }

    /// <summary>The statuses of one message arrive in another order than they happened.</summary>
    public bool? Disorder { get; init; }

    /// <summary>The statuses a sent message gets, out of sent, delivered, read, failed and played.</summary>
    public IReadOnlyList<string>? Statuses { get; init; }

    /// <summary>Whether statuses echo biz_opaque_callback_data; Meta does not promise it.</summary>
    public bool? Echo { get; init; }

    /// <summary>True: customers read at once. False: a message is read when the phone page shows its chat.</summary>
    public bool? AutoRead { get; init; }

    /// <summary>Refuse free-form messages to customers who have not written in the last 24 hours (131047).</summary>
    public bool? EnforceWindow { get; init; }

    /// <summary>
    /// Where a closed window (131047) and an unreachable customer (131026) are told: <c>response</c> refuses the request,
    /// <c>webhook</c> accepts it and reports a <c>failed</c> status. Meta does both, the second more often.
    /// </summary>
    public string? Refusals { get; init; }

    public SandboxRetry? Retry { get; init; }

    /// <summary>Messages a number may send in one second before 130429; 0 is unlimited.</summary>
    public int? ThroughputPerSecond { get; init; }

    /// <summary>Updates that one webhook POST may carry; Meta's own bound is 1,000.</summary>
    public int? BatchSize { get; init; }

    /// <summary>How long a webhook POST waits for the answer.</summary>
    public double? WebhookTimeoutMs { get; init; }

    /// <summary>How long a new template stays PENDING.</summary>
    public double? TemplateReviewMs { get; init; }

    /// <summary>
    /// The app secret under which <c>appsecret_proof</c> must be made, in every request, as with "require app secret" at Meta; empty: nobody looks at
    /// proofs. Never shown.
    /// </summary>
    public string? ProofSecret { get; init; }

    /// <summary>Where webhooks go. Changing it starts the verification challenge again; empty goes back to the configured address.</summary>
    public string? CallbackUrl { get; init; }
}
