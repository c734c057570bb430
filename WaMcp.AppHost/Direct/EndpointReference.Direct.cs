using System.Globalization;

namespace WaMcp.AppHost.Direct;

/// <summary>An address on loopback. Ports are chosen before anything starts, so it is known at once.</summary>
internal sealed record EndpointReference(string Scheme, int Port)
{
    private const string Host = "127.0.0.1";

    public string Property(EndpointProperty property) => property switch
    {
        EndpointProperty.Url => $"{Scheme}://{Host}:{Port}",
        EndpointProperty.Host => Host,
        EndpointProperty.Port => Port.ToString(CultureInfo.InvariantCulture),
        EndpointProperty.HostAndPort => $"{Host}:{Port}",
        _ => throw new ArgumentOutOfRangeException(nameof(property)),
    };

    public ValueTask<string?> GetValueAsync(CancellationToken _) => new(ToString());

    public override string ToString() => Property(EndpointProperty.Url);
}

internal enum EndpointProperty
{
    Url,
    Host,
    Port,
    HostAndPort,
}
