using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace WaMcp.ServiceDefaults;

internal static class Discovery
{
    // Without the standard resilience handler: it repeats POSTs, and a customer would get a message twice.
    internal static void AddServiceDiscoverySeam(this IHostApplicationBuilder builder)
    {
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http => http.AddServiceDiscovery());
    }
}
