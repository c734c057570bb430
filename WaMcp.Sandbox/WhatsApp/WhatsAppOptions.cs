using WaMcp.Sandbox.Control;

namespace WaMcp.Sandbox.WhatsApp;

/// <summary>Section <c>Sandbox:WhatsApp</c>. Empty works; only the webhooks then have nowhere to go.</summary>
internal sealed class WhatsAppOptions
{
    /// <summary>Where webhooks are posted: <c>{server}/webhooks/whatsapp</c>.</summary>
    public Uri? CallbackUrl { get; set; }

    /// <summary>Behaviour at start and after a reset, in the words of the control API.</summary>
    public SandboxSettings Settings { get; set; } = new();

    /// <summary>Graph requests that are remembered; the oldest are forgotten first.</summary>
    public int MaxRequests { get; set; } = 200_000;

    /// <summary>Messages that are remembered over all chats; the oldest are forgotten first.</summary>
    public int MaxMessages { get; set; } = 200_000;

    /// <summary>Webhook updates that may wait for the callback; further ones are dropped and counted.</summary>
    public int MaxPendingUpdates { get; set; } = 200_000;

    /// <summary>Bytes of media that are kept; the oldest go first.</summary>
    public long MaxMediaBytes { get; set; } = 512L * 1024 * 1024;

    public void Validate()
    {
        var callback = CallbackUrl is null || (CallbackUrl.IsAbsoluteUri && CallbackUrl.Scheme is "http" or "https");
        Require(callback, "CallbackUrl", "an absolute http or https address");
        Require(MaxRequests > 0, "MaxRequests", "at least 1");
        Require(MaxMessages > 0, "MaxMessages", "at least 1");
        Require(MaxPendingUpdates > 0, "MaxPendingUpdates", "at least 1");
        Require(MaxMediaBytes > 0, "MaxMediaBytes", "at least 1");
    }

    private static void Require(bool holds, string name, string rule)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"Sandbox:WhatsApp:{name} must be {rule}.");
        }
    }
}
