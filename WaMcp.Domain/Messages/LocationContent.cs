using System.Globalization;
using System.Text.Json.Serialization;

namespace WaMcp.Domain.Messages;

/// <summary>A place (https://developers.facebook.com/docs/whatsapp/cloud-api/messages/location-messages).</summary>
/// <param name="Latitude">Degrees north.</param>
/// <param name="Longitude">Degrees east.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Address">Where people find it.</param>
public sealed record LocationContent(double Latitude, double Longitude, string? Name = null, string? Address = null) : MessageContent
{
    /// <summary>The discriminator.</summary>
    public const string KindName = "location";

    /// <summary>Characters of a name or an address.</summary>
    public const int MaxText = 1000;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => KindName;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string? Body => string.Join(
        ", ", new[] { Name, Address, string.Create(CultureInfo.InvariantCulture, $"{Latitude} {Longitude}") }.OfType<string>());

    /// <inheritdoc/>
    public override void Check()
    {
        ContentLimit.Degrees("latitude", Latitude, 90);
        ContentLimit.Degrees("longitude", Longitude, 180);
        ContentLimit.Optional("name", Name, MaxText);
        ContentLimit.Optional("address", Address, MaxText);
    }
}
