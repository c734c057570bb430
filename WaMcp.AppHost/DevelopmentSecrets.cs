using System.Security.Cryptography;
using System.Text;

namespace WaMcp.AppHost;

/// <summary>
/// The secrets of this checkout's development system, one file each, made on the first start and kept. They are config keys by the
/// name of their file; in production a secret store fills the same folder (<c>Secrets:Directory</c>).
/// </summary>
internal sealed class DevelopmentSecrets
{
    private static readonly Dictionary<string, Func<string>> Recipes = new(StringComparer.Ordinal)
    {
        ["api_key_pepper"] = Key,
        ["encryption_key"] = Key,
        ["meta_app_secret"] = () => Hex(16),
        ["meta_webhook_verify_token"] = () => Hex(16),
        ["wa_access_token"] = () => $"sandbox-{Hex(24)}",
        ["wa_app_password"] = () => Hex(16),
        ["wa_audit_archiver_password"] = () => Hex(16),
        ["postgres_owner_password"] = () => Hex(16),
    };

    private DevelopmentSecrets(string folder) => Folder = folder;

    public string Folder { get; }

    public static DevelopmentSecrets In(DataFolder data)
    {
        var secrets = new DevelopmentSecrets(data["secrets"]);
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(secrets.Folder);
        }
        else
        {
            Directory.CreateDirectory(secrets.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        foreach (var (name, recipe) in Recipes)
        {
            secrets.MakeOnce(name, recipe);
        }

        return secrets;
    }

    public string File(string name) => Path.Combine(Folder, name);

    public string Read(string name) => System.IO.File.ReadAllText(File(name)).Trim();

    // Named only when complete: a start that dies in the middle must not leave an empty secret behind.
    private void MakeOnce(string name, Func<string> recipe)
    {
        if (System.IO.File.Exists(File(name)))
        {
            return;
        }

        var draft = File($".{name}.new");
        System.IO.File.Delete(draft);
        using (var file = PrivateFile.Create(draft))
        {
            file.Write(Encoding.UTF8.GetBytes(recipe()));
        }

        System.IO.File.Move(draft, File(name));
    }

    private static string Key() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private static string Hex(int bytes) => RandomNumberGenerator.GetHexString(bytes * 2, lowercase: true);
}
