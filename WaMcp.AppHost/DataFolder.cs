using System.Globalization;
using System.Text.Json;

namespace WaMcp.AppHost;

/// <summary>
/// The folder that outlives the AppHost (<c>.wamcp</c>, never in git): the stores' data, the secrets, and while the system runs its
/// addresses. Held by one AppHost at a time: the lock is the kernel's, so it is gone with the process, however that ends.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly FileStream lockFile;

    private DataFolder(LaunchOptions options, FileStream lockFile)
    {
        Options = options;
        this.lockFile = lockFile;
        Processes = new ProcessLedger(this["processes"]);
        File.WriteAllText(PidFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        Withdraw();
    }

    public LaunchOptions Options { get; }

    /// <summary>The local processes that belong to the running system.</summary>
    public ProcessLedger Processes { get; }

    private string PidFile => this["apphost.pid"];

    private string EndpointsFile => this["endpoints.json"];

    public string this[string name] => Path.Combine(Options.Data, name);

    /// <summary>Null, with a line that says so, when another AppHost runs on this folder.</summary>
    public static DataFolder? TryOpen(LaunchOptions options)
    {
        Directory.CreateDirectory(options.Data);
        try
        {
            var lockFile = new FileStream(
                Path.Combine(options.Data, "apphost.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            var data = new DataFolder(options, lockFile);
            data.Processes.EndLeftovers();
            return data;
        }
        catch (IOException)
        {
            Console.WriteLine(SentenceAboutTheOther(options.Data));
            return null;
        }
    }

    /// <summary>Writes endpoints.json in one step, readable by its owner only since it holds a password, and says what is where.</summary>
    public void Announce(Endpoints endpoints)
    {
        var draft = EndpointsFile + ".new";
        File.Delete(draft);
        using (var file = PrivateFile.Create(draft))
        {
            JsonSerializer.Serialize(file, endpoints, Format);
        }

        File.Move(draft, EndpointsFile, overwrite: true);
        Console.WriteLine(Welcome.To(endpoints, Options.Data));
    }

    /// <summary>The addresses are no longer to be relied on.</summary>
    public void Withdraw() => File.Delete(EndpointsFile);

    public void Dispose()
    {
        Withdraw();
        File.Delete(PidFile);
        lockFile.Dispose();
    }

    private static string SentenceAboutTheOther(string path)
    {
        var pid = TryRead(Path.Combine(path, "apphost.pid")) is { } text ? $"process {text.Trim()}" : "another process";
        if (TryRead(Path.Combine(path, "endpoints.json")) is { } json
            && JsonSerializer.Deserialize<Endpoints>(json, Format) is { Server: { } server })
        {
            return $"WaMcp runs already ({pid}): server {server}. Stop it with ./ops/down.";
        }

        return $"WaMcp runs already ({pid}) and is starting or stopping. Stop it with ./ops/down.";
    }

    private static string? TryRead(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return null; // The other one is on its way out.
        }
    }
}
