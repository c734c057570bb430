using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;

namespace WaMcp.Domain.Access;

/// <summary>
/// The pepper's secret files. A rotation goes through three states, and whatever interrupts it, both peppers are on disk: prepared
/// (<c>.next</c> and <c>.previous</c> are written), recorded in the database, switched (<c>.next</c> has become current).
/// </summary>
/// <param name="configuration">Says where secret files are.</param>
public sealed class PepperFiles(IConfiguration configuration)
{
    private readonly string folder = Path.GetFullPath(configuration["Secrets:Directory"] ?? "/run/secrets");

    private string Current => Path.Combine(folder, Pepper.Setting);

    private string Previous => Path.Combine(folder, Pepper.PreviousSetting);

    private string Next => Path.Combine(folder, Pepper.NextSetting);

    /// <summary>Writes the pepper to come, unless it lies there already, and keeps the present one as the previous.</summary>
    /// <param name="afresh">Whether one that lies there is not to be trusted: it may have leaked with the rest.</param>
    /// <returns>Names of the present one and of the one to come.</returns>
    /// <exception cref="Fault"><c>misconfigured</c>: the files are not there or cannot be written; nothing has changed.</exception>
    public (string CurrentId, string NextId) Prepare(bool afresh)
    {
        try
        {
            var current = Decode(Pepper.Setting, Current)
                ?? throw Refused($"There is no {Current}, so its pepper cannot be rotated here.");
            if (configuration[Pepper.Setting] is { } used && Pepper.Decode(Pepper.Setting, used) is { } inUse && !CryptographicOperations.FixedTimeEquals(inUse, current))
            {
                throw Refused($"The pepper in use is not the one in {Current}: an environment variable or a setting says otherwise.");
            }

            var next = afresh ? Generate() : Decode(Pepper.NextSetting, Next) ?? Generate();
            Write(Previous, current);
            return (Pepper.IdOf(current), Pepper.IdOf(next));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Refused($"The secret files in {folder} cannot be written: {exception.Message}", exception);
        }
    }

    /// <summary>Makes the prepared pepper the current one.</summary>
    /// <param name="keepPrevious">Whether the one before is still of use.</param>
    /// <exception cref="Fault"><c>misconfigured</c>: says what is left to do.</exception>
    public void Switch(bool keepPrevious)
    {
        try
        {
            File.Move(Next, Current, overwrite: true);
            if (!keepPrevious)
            {
                File.Delete(Previous);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new Fault(
                FaultCode.Misconfigured,
                $"The rotation is recorded, but the files could not be switched: {exception.Message}",
                $"Finish it with: mv {Next} {Current}",
                inner: exception);
        }
    }

    private byte[] Generate()
    {
        var pepper = RandomNumberGenerator.GetBytes(32);
        Write(Next, pepper);
        return pepper;
    }

    // Whole or not at all, and as private as the file beside it.
    private void Write(string path, byte[] pepper)
    {
        var fresh = $"{path}.new";
        File.Delete(fresh);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = File.GetUnixFileMode(Current);
        }

        using (var file = new FileStream(fresh, options))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(pepper)));
            file.Flush(flushToDisk: true);
        }

        KeepOwnerAndMode(fresh);
        File.Move(fresh, path, overwrite: true);
    }

    // The servers may run as somebody else than whoever rotates.
    private void KeepOwnerAndMode(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        try
        {
            using var chown = Process.Start(new ProcessStartInfo("chown", [$"--reference={Current}", path]) { RedirectStandardError = true })!;
            chown.WaitForExit();
            if (chown.ExitCode == 0)
            {
                File.SetUnixFileMode(path, File.GetUnixFileMode(Current)); // what was asked for at first went through the umask
                return;
            }
        }
        catch (Win32Exception)
        {
            // No chown here.
        }

        File.Delete(path);
        throw Refused($"The new secret file cannot be given to the owner of {Current}.");
    }

    private static byte[]? Decode(string setting, string path) =>
        File.Exists(path) ? Pepper.Decode(setting, File.ReadAllText(path)) : null;

    private static Fault Refused(string problem, Exception? inner = null) => new(
        FaultCode.Misconfigured,
        problem,
        "Run the console as the user that owns the secret files, with Secrets:Directory set to their folder; or change the files yourself and "
        + "record it with --installed (docs/components/admin-cli.md).",
        inner: inner);
}
