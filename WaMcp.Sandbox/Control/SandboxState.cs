namespace WaMcp.Sandbox.Control;

/// <summary><c>GET /control/state</c>: everything at a glance. Of secrets only whether they are there.</summary>
public sealed record SandboxState
{
    public required DateTimeOffset StartedAt { get; init; }

    public required CallbackReport Callback { get; init; }

    public required WebhookReport Webhooks { get; init; }

    /// <summary>Graph requests since the start.</summary>
    public required long Requests { get; init; }

    public required int Messages { get; init; }

    public required int Customers { get; init; }

    public required int Faults { get; init; }

    public required SecretReport Secrets { get; init; }

    public required IReadOnlyList<NumberReport> Numbers { get; init; }

    public required SandboxSettings Settings { get; init; }
}

/// <summary>How the verification challenge went.</summary>
public sealed record CallbackReport(string? Url, bool Verified, int Attempts, DateTimeOffset? LastAttemptAt, string? LastError);

/// <summary>Updates that wait, that were accepted, that were dropped because too many waited; and attempts that were refused.</summary>
public sealed record WebhookReport(int Pending, long Accepted, long RefusedAttempts, long Dropped);

/// <summary>Which of the three secrets are configured.</summary>
public sealed record SecretReport(bool AppSecret, bool VerifyToken, bool AccessToken);

/// <summary>A business number.</summary>
public sealed record NumberReport(string PhoneNumberId, string DisplayNumber, string VerifiedName, string AccountId);
