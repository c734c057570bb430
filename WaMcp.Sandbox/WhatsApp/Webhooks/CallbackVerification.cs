using System.Globalization;
using System.Security.Cryptography;
using WaMcp.Sandbox.WhatsApp.Behaviour;

namespace WaMcp.Sandbox.WhatsApp.Webhooks;

/// <summary>
/// The challenge that Meta puts to a callback before it trusts it: at start, after a change of address and on demand, again and again
/// until the server is up. It reports and gates nothing: webhooks are posted all the while and retried like any other.
/// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
/// </summary>
internal sealed partial class CallbackVerification(
    WebhookClient client, WhatsAppSecrets secrets, CurrentBehaviour behaviour, TimeProvider clock, ILogger<CallbackVerification> logger)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim changed = new(0);
    private volatile CallbackState state = new();

    public CallbackState State => state;

    /// <summary>One challenge now, to the callback in force.</summary>
    public async Task<CallbackState> VerifyAsync(CancellationToken cancellationToken)
    {
        var url = behaviour.Now.CallbackUrl;
        var before = state.Url == url ? state : new CallbackState();
        var error = url is null ? "No callback address: set Sandbox:WhatsApp:CallbackUrl, or callbackUrl in /control/whatsapp/settings."
            : secrets.VerifyToken is null ? "No verify token: set meta_webhook_verify_token to what the server has."
            : await ChallengeAsync(url, secrets.VerifyToken, cancellationToken);
        return state = new CallbackState
        {
            Url = url,
            Verified = error is null,
            Attempts = before.Attempts + 1,
            LastAttempt = clock.GetUtcNow(),
            LastError = error,
        };
    }

    /// <summary>One challenge to any address, as for an override; null when it passed.</summary>
    public Task<string?> ChallengeAsync(Uri url, string verifyToken, CancellationToken cancellationToken)
    {
        var challenge = RandomNumberGenerator.GetInt32(100_000_000, int.MaxValue).ToString(CultureInfo.InvariantCulture);
        return client.ChallengeAsync(url, verifyToken, challenge, behaviour.Now.WebhookTimeout, cancellationToken);
    }

    public override void Dispose()
    {
        changed.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        behaviour.CallbackChanged += OnChanged;
        try
        {
            while (true)
            {
                await UntilVerifiedAsync(stoppingToken);
                await changed.WaitAsync(stoppingToken);
            }
        }
        finally
        {
            behaviour.CallbackChanged -= OnChanged;
        }
    }

    private async Task UntilVerifiedAsync(CancellationToken cancellationToken)
    {
        while (behaviour.Now.CallbackUrl is not null && secrets.VerifyToken is not null)
        {
            var result = await VerifyAsync(cancellationToken);
            if (result.Verified)
            {
                LogVerified(result.Url, result.Attempts);
                return;
            }

            if (result.Attempts == 1)
            {
                LogNotYet(result.Url, result.LastError);
            }

            await Task.Delay(Pause, clock, cancellationToken);
        }

        await VerifyAsync(cancellationToken); // says what is missing
    }

    private void OnChanged() => changed.Release();

    [LoggerMessage(Level = LogLevel.Information, Message = "The callback {Url} has passed the verification challenge, attempt {Attempts}")]
    private partial void LogVerified(Uri? url, int attempts);

    [LoggerMessage(Level = LogLevel.Information, Message = "The callback {Url} has not passed the verification challenge yet: {Error} Trying on")]
    private partial void LogNotYet(Uri? url, string? error);
}
