using WaMcp.Sandbox.Control;
using WaMcp.Sandbox.Phone;
using WaMcp.Sandbox.WhatsApp;
using WaMcp.ServiceDefaults;

namespace WaMcp.Sandbox;

/// <summary>
/// The providers as they behave towards us, in one process and in memory. Never deployed. Also the type by which tests name this
/// program.
/// </summary>
public sealed class SandboxApp
{
    private SandboxApp()
    {
    }

    /// <summary>Composes the whole program on <paramref name="builder"/>; the caller decides addresses, configuration and clock.</summary>
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);

        builder.AddServiceDefaults();
        builder.AddWhatsApp();
        builder.AddControl();
        builder.AddPhone();

        var app = builder.Build();
        app.MapHealthEndpoints();
        app.MapWhatsApp();
        app.MapControl();
        app.MapPhone();
        return app;
    }
}
