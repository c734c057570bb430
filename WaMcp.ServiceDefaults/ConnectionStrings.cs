using Microsoft.Extensions.Configuration;

namespace WaMcp.ServiceDefaults;

internal static class ConnectionStrings
{
    /// <exception cref="InvalidOperationException">The setting is missing; the message says which and what it looks like.</exception>
    internal static string GetRequired(this IConfiguration configuration, string name, string example) =>
        configuration.GetConnectionString(name) is { } value && !string.IsNullOrWhiteSpace(value)
            ? value
            : throw new InvalidOperationException(
                $"ConnectionStrings:{name} is not set. Set the environment variable ConnectionStrings__{name}, for example to "
                + $"\"{example}\"; started by the AppHost, a program gets it from there.");
}
