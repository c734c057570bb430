using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using WaMcp.Domain.Media;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Media;

/// <summary>An https server on this machine that answers as a test wants, and the route on which only that server is allowed as if it were public.</summary>
internal sealed class HostileServer : IAsyncDisposable
{
    /// <summary>A name that leads to the server, as if it were somebody's website.</summary>
    public const string Website = "files.example";

    /// <summary>Not the loopback address that everybody knows: that one stays refused.</summary>
    public static readonly IPAddress Address = IPAddress.Parse("127.77.0.1");

    private readonly WebApplication app;
    private int requests;

    private HostileServer(WebApplication app, X509Certificate2 certificate)
    {
        this.app = app;
        Certificate = certificate;
        Port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        Names[Website] = [Address];
        Route = new FetchRoute
        {
            Resolve = (host, cancellationToken) =>
            {
                LookUps.Add(host);
                return Names.TryGetValue(host, out var found) ? Task.FromResult(found) : Dns.GetHostAddressesAsync(host, cancellationToken);
            },
            AlsoAllowed = [new IPEndPoint(Address, Port)],
            Certificate = (_, given, _, _) => given is X509Certificate2 told && told.Thumbprint == certificate.Thumbprint,
        };
    }

    public X509Certificate2 Certificate { get; }

    public int Port { get; }

    public int Requests => requests;

    public Dictionary<string, IPAddress[]> Names { get; } = [];

    public List<string> LookUps { get; } = [];

    public FetchRoute Route { get; }

    public string Folder { get; } = RunFolder.Create("staging");

    public string Url(string path = "/") => $"https://{Website}:{Port}{path}";

    public static async Task<HostileServer> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ApplicationName = "WaMcp.Tests" });
        var certificate = MakeCertificate();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"https://{Address}:0");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = certificate);
            kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        HostileServer? server = null;
        app.Run(http =>
        {
            Interlocked.Increment(ref server!.requests);
            return answer(http);
        });
        await app.StartAsync();
        return server = new HostileServer(app, certificate);
    }

    /// <summary>What is here fetches from it, on its port and no other.</summary>
    public FetchMedia Fetch(TimeSpan? timeout = null, FetchRoute? route = null)
    {
        var options = new MediaOptions { FetchTimeout = timeout ?? TimeSpan.FromSeconds(30) };
        options.FetchPorts.Add(Port);
        return new FetchMedia(route ?? Route, Options.Create(options), TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Website}", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }
}
