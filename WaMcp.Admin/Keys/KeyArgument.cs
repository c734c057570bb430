using System.CommandLine;

namespace WaMcp.Admin.Keys;

/// <summary>The key that a command is about.</summary>
internal static class KeyArgument
{
    public static Argument<string> Create() => new("key") { Description = "The key's id (key_…) or its public prefix." };
}
