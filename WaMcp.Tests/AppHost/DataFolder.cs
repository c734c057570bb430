using System.Text.Json;

namespace WaMcp.Tests.AppHost;

/// <summary>A data folder for one test, in place of the checkout's <c>.wamcp</c>.</summary>
internal sealed class DataFolder
{
    public string Path { get; } = Directory.CreateTempSubdirectory("wamcp-apphost-").FullName;

    public string Secrets => System.IO.Path.Combine(Path, "secrets");

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public Dictionary<string, string?> Endpoints() =>
        JsonSerializer.Deserialize<Dictionary<string, string?>>(File.ReadAllText(this["endpoints.json"]))!;

    public void Delete()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A file written in the last moment; the folder is a temporary one.
        }
    }
}
