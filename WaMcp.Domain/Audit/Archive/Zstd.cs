using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace WaMcp.Domain.Audit.Archive;

/// <summary>Lines as a Zstandard frame and back, by the program <c>zstd</c>; its frames carry a checksum of their content.</summary>
/// <param name="program">By name or path.</param>
internal sealed class Zstd(string program)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes one frame.</summary>
    public Task CompressAsync(IEnumerable<string> lines, Stream output, CancellationToken cancellationToken) => RunAsync(
        ["--quiet", "--stdout"],
        async input =>
        {
            await using var writer = new StreamWriter(input, Utf8);
            foreach (var line in lines)
            {
                await writer.WriteAsync($"{line}\n".AsMemory(), cancellationToken);
            }
        },
        from => from.CopyToAsync(output, cancellationToken),
        cancellationToken);

    /// <summary>Reads one frame.</summary>
    public async Task<List<string>> DecompressAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        await RunAsync(
            ["--decompress", "--quiet", "--stdout"],
            async input =>
            {
                await input.WriteAsync(frame, cancellationToken);
                await input.DisposeAsync();
            },
            async output =>
            {
                using var reader = new StreamReader(output, Utf8);
                while (await reader.ReadLineAsync(cancellationToken) is { } line)
                {
                    lines.Add(line);
                }
            },
            cancellationToken);
        return lines;
    }

    /// <summary>Reads the first line of what may be cut off anywhere; null when not even that is there.</summary>
    public async Task<string?> FirstLineAsync(ReadOnlyMemory<byte> beginning, CancellationToken cancellationToken)
    {
        string? first = null;
        try
        {
            await RunAsync(
                ["--decompress", "--quiet", "--stdout"],
                async input =>
                {
                    try
                    {
                        await input.WriteAsync(beginning, cancellationToken);
                        await input.DisposeAsync();
                    }
                    catch (IOException)
                    {
                        // It gave up before the end.
                    }
                },
                async output =>
                {
                    using var reader = new StreamReader(output, Utf8);
                    var text = await reader.ReadToEndAsync(cancellationToken);
                    first = text.IndexOf('\n', StringComparison.Ordinal) is var end and > 0 ? text[..end] : null;
                },
                cancellationToken);
        }
        catch (Fault fault) when (fault.Code == FaultCode.Conflict)
        {
            // Cut off: what came out before is all there is.
        }

        return first;
    }

    private async Task RunAsync(string[] arguments, Func<Stream, Task> write, Func<Stream, Task> read, CancellationToken cancellationToken)
    {
        using var process = Start(arguments);
        try
        {
            var complaint = process.StandardError.ReadToEndAsync(cancellationToken);
            var writing = write(process.StandardInput.BaseStream);
            await read(process.StandardOutput.BaseStream);
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
            {
                throw new Fault(FaultCode.Conflict, $"{program} ended with code {process.ExitCode}.", internalText: await complaint);
            }

            await writing;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private Process Start(string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (Win32Exception exception)
        {
            throw new Fault(
                FaultCode.Misconfigured,
                $"The program {program} cannot be run, and the audit archive needs it.",
                "Install it (apt-get install zstd), or say with AuditArchive:Zstd where it is.",
                inner: exception);
        }
    }
}
