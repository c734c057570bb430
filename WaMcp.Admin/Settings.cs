using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.FileProviders;
using WaMcp.Domain;

namespace WaMcp.Admin;

/// <summary>Where the console's configuration comes from: secret files, environment, what follows <c>--</c>. The later wins.</summary>
internal static class Settings
{
    /// <exception cref="Fault">A secret file cannot be read, or an assignment is not key=value.</exception>
    public static IConfiguration Read(IReadOnlyList<string> assignments, IReadOnlyDictionary<string, string?>? overrides)
    {
        var given = assignments.Select(Split).ToList();
        var plain = Build(builder => { });
        var folder = Path.GetFullPath(plain["Secrets:Directory"] ?? "/run/secrets");
        if (!Directory.Exists(folder))
        {
            return plain;
        }

        try
        {
            return Build(builder => builder.AddKeyPerFile(source =>
            {
                source.FileProvider = new PhysicalFileProvider(folder);
                source.Optional = true;
            }));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new Fault(
                FaultCode.Misconfigured,
                $"A secret file in {folder} cannot be read: {exception.Message}",
                "Run the console as the user that owns the secret files, or set Secrets:Directory (environment Secrets__Directory) to its own folder.",
                inner: exception);
        }

        IConfigurationRoot Build(Action<IConfigurationBuilder> addSecretFiles)
        {
            var builder = new ConfigurationBuilder();
            addSecretFiles(builder);
            return builder.AddEnvironmentVariables().AddInMemoryCollection(given).AddInMemoryCollection(overrides ?? new Dictionary<string, string?>()).Build();
        }
    }

    private static KeyValuePair<string, string?> Split(string assignment)
    {
        var equals = assignment.IndexOf('=', StringComparison.Ordinal);
        return equals > 0
            ? new(assignment[..equals].TrimStart('-'), assignment[(equals + 1)..])
            : throw new Fault(
                FaultCode.InvalidInput, $"'{assignment}' after -- is not a setting.", "Write settings as key=value, for example Secrets:Directory=.wamcp/secrets.");
    }
}
