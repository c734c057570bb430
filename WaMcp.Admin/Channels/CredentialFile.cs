using WaMcp.Domain;

namespace WaMcp.Admin.Channels;

/// <summary>Reads one credential from a file or from standard input. What was read never gets into an error.</summary>
internal static class CredentialFile
{
    public const string StandardInput = "-";

    // Meta's tokens have a few hundred characters; anything long is another file.
    private const int LongestCredential = 4096;

    /// <exception cref="Fault"><c>invalid_input</c>.</exception>
    public static async Task<string> ReadAsync(string field, string path, CancellationToken cancellationToken)
    {
        var credential = (path == StandardInput ? await ReadInputAsync(field, cancellationToken) : await ReadFileAsync(field, path, cancellationToken)).Trim();
        return credential switch
        {
            "" => throw Fault.Invalid(field, $"'{path}' is empty."),
            { Length: > LongestCredential } => throw Fault.Invalid(field, $"'{path}' is too long for a credential.", "It must hold the credential and nothing else."),
            _ when credential.Any(character => char.IsWhiteSpace(character) || char.IsControl(character)) =>
                throw Fault.Invalid(field, $"'{path}' holds more than one word.", "It must hold the credential and nothing else."),
            _ => credential,
        };
    }

    private static async Task<string> ReadFileAsync(string field, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var reader = File.OpenText(path);
            return await ReadAsync(reader, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Fault.Invalid(field, $"'{path}' cannot be read.", "Check the path and your rights to it.");
        }
    }

    private static Task<string> ReadInputAsync(string field, CancellationToken cancellationToken) => Console.IsInputRedirected
        ? ReadAsync(Console.In, cancellationToken)
        : throw Fault.Invalid(field, "standard input is a terminal, which would show what you type.", "Pipe the credential in, or name a file.");

    private static async Task<string> ReadAsync(TextReader reader, CancellationToken cancellationToken)
    {
        var text = new char[LongestCredential + 64];
        var length = await reader.ReadBlockAsync(text, cancellationToken);
        return new string(text, 0, length);
    }
}
