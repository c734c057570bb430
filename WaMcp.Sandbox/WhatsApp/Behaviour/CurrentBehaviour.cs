using WaMcp.Sandbox.Control;

namespace WaMcp.Sandbox.WhatsApp.Behaviour;

/// <summary>Holds the settings in force and tells when the callback's address has changed.</summary>
internal sealed class CurrentBehaviour
{
    private readonly Lock gate = new();
    private readonly WhatsAppBehaviour start;
    private readonly Uri? configuredCallback;
    private volatile WhatsAppBehaviour now;

    public CurrentBehaviour(WhatsAppOptions options)
    {
        configuredCallback = options.CallbackUrl;
        start = new WhatsAppBehaviour { CallbackUrl = options.CallbackUrl }.With(options.Settings, options.CallbackUrl);
        now = start;
    }

    public event Action? CallbackChanged;

    public WhatsAppBehaviour Now => now;

    public WhatsAppBehaviour Change(SandboxSettings change) => Replace(current => current.With(change, configuredCallback));

    /// <summary>The behaviour the program started with; the callback's address stays, because the server behind it has not moved.</summary>
    public void Reset() => Replace(current => start with { CallbackUrl = current.CallbackUrl });

    private WhatsAppBehaviour Replace(Func<WhatsAppBehaviour, WhatsAppBehaviour> change)
    {
        Uri? before;
        WhatsAppBehaviour after;
        lock (gate)
        {
            before = now.CallbackUrl;
            after = now = change(now);
        }

        if (before != after.CallbackUrl)
        {
            CallbackChanged?.Invoke();
        }

        return after;
    }
}
