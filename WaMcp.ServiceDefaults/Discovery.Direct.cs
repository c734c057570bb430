using Microsoft.Extensions.Hosting;

namespace WaMcp.ServiceDefaults;

internal static class Discovery
{
    // Nothing to add: the app model hands every program plain addresses.
    internal static void AddServiceDiscoverySeam(this IHostApplicationBuilder _)
    {
    }
}
