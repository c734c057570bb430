using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.KeyPerFile;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;

namespace WaMcp.ServiceDefaults;

/// <summary>
/// One file a secret: the file's name is the configuration key (<c>__</c> for <c>:</c>), its text the value. This is how Docker and
/// Kubernetes mount secrets.
/// </summary>
internal static class SecretFiles
{
    internal static void AddSecretFiles(this IHostApplicationBuilder builder)
    {
        var folder = Path.GetFullPath(builder.Configuration["Secrets:Directory"] ?? "/run/secrets");
        var source = new KeyPerFileConfigurationSource { Optional = true };
        if (Directory.Exists(folder))
        {
            source.FileProvider = new PhysicalFileProvider(folder);
        }

        var sources = builder.Configuration.Sources;
        sources.Insert(Overrides(sources), source);
    }

    // The last source wins, and what an operator sets for one start (environment, then command line) must win over a mounted file. Both
    // also stand near the front, for the host's own settings; the command line always follows the environment.
    private static int Overrides(IList<IConfigurationSource> sources)
    {
        for (var index = sources.Count - 1; index >= 0; index--)
        {
            if (sources[index] is EnvironmentVariablesConfigurationSource { Prefix: null or "" })
            {
                return index;
            }
        }

        return sources.Count;
    }
}
