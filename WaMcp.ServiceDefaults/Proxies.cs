using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace WaMcp.ServiceDefaults;

/// <summary>
/// The client behind the proxies that an operator named: its address, scheme and host are taken from <c>X-Forwarded-For</c>,
/// <c>-Proto</c> and <c>-Host</c>.
/// </summary>
public static class Proxies
{
    /// <summary>Reads who is trusted, from <c>Proxies:Trusted</c>.</summary>
    public static IHostApplicationBuilder AddProxies(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<ProxiesOptions>()
            .BindConfiguration("Proxies")
            .Validate<IConfiguration>((_, configuration) => string.IsNullOrEmpty(configuration["Proxies:Trusted"]),
                "Proxies:Trusted is a list: set Proxies:Trusted:0, Proxies:Trusted:1, … (environment: Proxies__Trusted__0).")
            .ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<ProxiesOptions>, EveryEntryIsAnAddress>();
        // After everybody else, so that ASPNETCORE_FORWARDEDHEADERS_ENABLED, which trusts the whole world, changes nothing.
        builder.Services.AddOptions<ForwardedHeadersOptions>().PostConfigure<IOptions<ProxiesOptions>>(Apply);
        return builder;
    }

    /// <summary>Puts it into the pipeline. First: what follows must see the client.</summary>
    public static WebApplication UseProxies(this WebApplication app)
    {
        app.UseForwardedHeaders();
        return app;
    }

    /// <remarks>
    /// Fails closed: with nobody trusted no header is read at all (the framework would take an empty list to mean everybody). Read from
    /// the right, each hop only if the one that reports it is trusted, so a client cannot put addresses in front of its own.
    /// </remarks>
    private static void Apply(ForwardedHeadersOptions headers, IOptions<ProxiesOptions> proxies)
    {
        headers.KnownProxies.Clear();
        headers.KnownIPNetworks.Clear();
        foreach (var entry in proxies.Value.Trusted)
        {
            headers.KnownIPNetworks.Add(ProxiesOptions.Read(entry)!.Value);
        }

        headers.ForwardLimit = null;
        headers.ForwardedHeaders = headers.KnownIPNetworks.Count == 0
            ? ForwardedHeaders.None
            : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
    }

    private sealed class EveryEntryIsAnAddress : IValidateOptions<ProxiesOptions>
    {
        public ValidateOptionsResult Validate(string? name, ProxiesOptions options) =>
            options.Trusted.FirstOrDefault(entry => ProxiesOptions.Read(entry) is null) is { } bad
                ? ValidateOptionsResult.Fail($"Proxies:Trusted holds '{bad}', which is neither an address (10.0.0.5) nor a network (10.0.0.0/8).")
                : ValidateOptionsResult.Success;
    }
}
