using System.Text.RegularExpressions;

namespace WaMcp.ServiceDefaults;

/// <summary>Which part of a URL's path is secret, and what stands in its place. See <see cref="Telemetry.AddUrlRedaction"/>.</summary>
/// <param name="Secret">Matches the secret part.</param>
/// <param name="Replacement">A replacement pattern as in <see cref="Regex.Replace(string, string)"/>.</param>
public sealed record UrlRedaction(Regex Secret, string Replacement)
{
    internal string Apply(string url) => Secret.Replace(url, Replacement);
}
