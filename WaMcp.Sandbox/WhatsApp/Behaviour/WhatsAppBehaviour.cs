using WaMcp.Sandbox.Control;

namespace WaMcp.Sandbox.WhatsApp.Behaviour;

/// <summary>The settings in force; immutable, so that one request sees one state of them.</summary>
internal sealed record WhatsAppBehaviour
{
    private static readonly string[] StatusNames = ["sent", "delivered", "read", "failed", "played"];

    public TimeSpan ResponseDelay { get; init; }

    public TimeSpan WebhookDelay { get; init; }

    public int Duplicates { get; init; }

    public bool Disorder { get; init; }

    public IReadOnlyList<string> Statuses { get; init; } = ["sent", "delivered", "read"];

    public bool Echo { get; init; } = true;

    public bool AutoRead { get; init; } = true;

    public bool EnforceWindow { get; init; } = true;

    public bool RefuseByWebhook { get; init; }

    public TimeSpan RetryFirst { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(30);

    public int ThroughputPerSecond { get; init; }

    public int BatchSize { get; init; } = 25;

    public TimeSpan WebhookTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan TemplateReview { get; init; } = TimeSpan.FromSeconds(1);

    public string ProofSecret { get; init; } = "";

    public Uri? CallbackUrl { get; init; }

    /// <exception cref="ArgumentException">A value makes no sense; the message names the setting.</exception>
    public WhatsAppBehaviour With(SandboxSettings change, Uri? configuredCallback) => this with
    {
        ResponseDelay = Duration(change.ResponseDelayMs, ResponseDelay, "responseDelayMs"),
        WebhookDelay = Duration(change.WebhookDelayMs, WebhookDelay, "webhookDelayMs"),
        Duplicates = Number(change.Duplicates, Duplicates, 0, 100, "duplicates"),
        Disorder = change.Disorder ?? Disorder,
        Statuses = Names(change.Statuses) ?? Statuses,
        Echo = change.Echo ?? Echo,
        AutoRead = change.AutoRead ?? AutoRead,
        EnforceWindow = change.EnforceWindow ?? EnforceWindow,
        RefuseByWebhook = ByWebhook(change.Refusals) ?? RefuseByWebhook,
        RetryFirst = Duration(change.Retry?.FirstMs, RetryFirst, "retry.firstMs"),
        RetryMax = Duration(change.Retry?.MaxMs, RetryMax, "retry.maxMs"),
        ThroughputPerSecond = Number(change.ThroughputPerSecond, ThroughputPerSecond, 0, 1_000_000, "throughputPerSecond"),
        BatchSize = Number(change.BatchSize, BatchSize, 1, 1_000, "batchSize"),
        WebhookTimeout = Duration(change.WebhookTimeoutMs, WebhookTimeout, "webhookTimeoutMs"),
        TemplateReview = Duration(change.TemplateReviewMs, TemplateReview, "templateReviewMs"),
        ProofSecret = change.ProofSecret ?? ProofSecret,
        CallbackUrl = Address(change.CallbackUrl, configuredCallback) ?? CallbackUrl,
    };

    public SandboxSettings ToSettings() => new()
    {
        ResponseDelayMs = ResponseDelay.TotalMilliseconds,
        WebhookDelayMs = WebhookDelay.TotalMilliseconds,
        Duplicates = Duplicates,
        Disorder = Disorder,
        Statuses = Statuses,
        Echo = Echo,
        AutoRead = AutoRead,
        EnforceWindow = EnforceWindow,
        Refusals = RefuseByWebhook ? "webhook" : "response",
        Retry = new SandboxRetry { FirstMs = RetryFirst.TotalMilliseconds, MaxMs = RetryMax.TotalMilliseconds },
        ThroughputPerSecond = ThroughputPerSecond,
        BatchSize = BatchSize,
        WebhookTimeoutMs = WebhookTimeout.TotalMilliseconds,
        TemplateReviewMs = TemplateReview.TotalMilliseconds,
        CallbackUrl = CallbackUrl?.ToString(),
    };

    /// <summary>The pause before attempt <paramref name="attempt"/> (the first is 1): none, none, first, 2 first, 4 first, ... max.</summary>
    public TimeSpan PauseBefore(int attempt)
    {
        if (attempt <= 2)
        {
            return TimeSpan.Zero;
        }

        var factor = Math.Pow(2, Math.Min(attempt - 3, 30));
        var pause = RetryFirst.TotalMilliseconds * factor;
        return TimeSpan.FromMilliseconds(Math.Min(pause, Math.Max(RetryMax.TotalMilliseconds, RetryFirst.TotalMilliseconds)));
    }

    private static TimeSpan Duration(double? milliseconds, TimeSpan current, string name) => milliseconds switch
    {
        null => current,
        >= 0 and <= 86_400_000 => TimeSpan.FromMilliseconds(milliseconds.Value),
        _ => throw new ArgumentException($"{name} must be between 0 and 86400000 milliseconds."),
    };

    private static int Number(int? value, int current, int least, int most, string name) =>
        value is null ? current
        : value >= least && value <= most ? value.Value
        : throw new ArgumentException($"{name} must be between {least} and {most}.");

    private static IReadOnlyList<string>? Names(IReadOnlyList<string>? names)
    {
        if (names is not null && names.Distinct(StringComparer.Ordinal).Count() != names.Count)
        {
            throw new ArgumentException("statuses must not name a status twice.");
        }

        var unknown = names?.FirstOrDefault(name => !StatusNames.Contains(name, StringComparer.Ordinal));
        return unknown is null
            ? names
            : throw new ArgumentException($"statuses: '{unknown}' is not one of {string.Join(", ", StatusNames)}.");
    }

    private static bool? ByWebhook(string? place) => place switch
    {
        null => null,
        "response" => false,
        "webhook" => true,
        _ => throw new ArgumentException($"refusals must be 'response' or 'webhook', not '{place}'."),
    };

    private static Uri? Address(string? text, Uri? configured)
    {
        if (text is null)
        {
            return null;
        }

        return text.Length == 0 ? configured
            : Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url
            : throw new ArgumentException($"callbackUrl must be an absolute http or https address, not '{text}'.");
    }
}
