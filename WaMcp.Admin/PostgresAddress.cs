using System.Globalization;
using Microsoft.Extensions.Configuration;
using Npgsql;
using WaMcp.Domain;

namespace WaMcp.Admin;

/// <summary>What an error may say of a connection string: everything but the password.</summary>
/// <param name="Setting">The configuration key it came from.</param>
/// <param name="Server">Host and port.</param>
/// <param name="User">The role.</param>
/// <param name="Database">The database.</param>
internal sealed record PostgresAddress(string Setting, string Server, string? User, string? Database)
{
    /// <exception cref="Fault"><c>misconfigured</c>. The text of what Npgsql could not read stays out of it: a password that holds a
    /// semicolon would be quoted there as an unknown keyword.</exception>
    public static PostgresAddress Read(IConfiguration configuration, string name, out string text)
    {
        var setting = $"ConnectionStrings:{name}";
        text = configuration.GetConnectionString(name) is { } found && !string.IsNullOrWhiteSpace(found)
            ? found
            : throw Misconfigured(name, $"{setting} is not set.");
        try
        {
            var parts = new NpgsqlConnectionStringBuilder(text);
            return new(setting, string.Create(CultureInfo.InvariantCulture, $"{parts.Host}:{parts.Port}"), parts.Username, parts.Database);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or OverflowException or InvalidCastException)
        {
            throw Misconfigured(name, $"{setting} is not a connection string that Npgsql can read.");
        }
    }

    private static Fault Misconfigured(string name, string problem) => new(
        FaultCode.Misconfigured,
        problem,
        $"Set the environment variable ConnectionStrings__{name} to Host=…;Port=5432;Database=wamcp;Username={Role(name)};Password=…, "
        + "with quotes around a value that holds a semicolon.");

    private static string Role(string name) => name == "owner" ? "the owner of the database" : "wa_app";
}
