using System.Runtime.InteropServices;

namespace WaMcp.Domain;

/// <summary>Files that are still there after a power cut.</summary>
internal static class Durable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>New files are their owner's: the archive holds addresses, media are clients' own.</summary>
    public static FileStream Open(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    /// <summary>A folder that is its owner's, as the files in it are.</summary>
    public static string MakeFolder(string path) =>
        (OperatingSystem.IsWindows() ? Directory.CreateDirectory(path) : Directory.CreateDirectory(path, Private)).FullName;

    /// <summary>Puts a file in its place in one step: whoever looks finds the old or the new, whole.</summary>
    public static async Task ReplaceAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var draft = $"{path}.new";
        await using (var file = Open(draft, FileMode.Create))
        {
            await file.WriteAsync(content, cancellationToken);
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
        FlushFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>A name is durable only when its folder is (fsync(2)), and .NET opens no folders.</summary>
    public static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        const int readOnly = 0;
        var folder = open(path, readOnly);
        try
        {
            if (folder < 0 || fsync(folder) != 0)
            {
                throw new IOException($"The folder {path} could not be written to the disk (error {Marshal.GetLastPInvokeError()}).");
            }
        }
        finally
        {
            _ = folder < 0 ? 0 : close(folder);
        }
    }

    [DllImport("libc", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fsync(int file);

    [DllImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int close(int file);
}
