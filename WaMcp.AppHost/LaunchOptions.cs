namespace WaMcp.AppHost;

/// <summary>What can be said on the command line, or in the environment for the scripts in ops.</summary>
/// <param name="args">
/// <c>--data DIR</c> (<c>WAMCP_DATA</c>): where data, secrets and endpoints.json are kept; default <c>.wamcp</c> in the checkout.
/// <c>--ports any</c> (<c>WAMCP_PORTS</c>): any free ports instead of the usual ones, for tests that run beside a running system.
/// <c>--stores local</c> (<c>WAMCP_STORES</c>): Postgres and Redis as local processes even where a container runtime answers.
/// </param>
internal sealed class LaunchOptions(string[] args)
{
    public string[] Args => args;

    public string Data { get; } = Path.GetFullPath(Value(args, "data") ?? Path.Combine(Repository.Root, ".wamcp"));

    public bool AnyPorts { get; } = Value(args, "ports") == "any";

    public bool LocalStores { get; } = Value(args, "stores") == "local";

    private static string? Value(string[] args, string name)
    {
        var inline = args.FirstOrDefault(arg => arg.StartsWith($"--{name}=", StringComparison.Ordinal));
        if (inline is not null)
        {
            return inline[(name.Length + 3)..];
        }

        var index = Array.IndexOf(args, $"--{name}");
        var value = index >= 0 && index + 1 < args.Length
            ? args[index + 1]
            : Environment.GetEnvironmentVariable($"WAMCP_{name.ToUpperInvariant()}");
        return string.IsNullOrWhiteSpace(value) ? null : value;
    }
}
