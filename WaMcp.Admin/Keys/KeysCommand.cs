using System.CommandLine;
using WaMcp.Admin.CommandLine;

namespace WaMcp.Admin.Keys;

/// <summary><c>admin keys</c>.</summary>
internal sealed class KeysCommand : Command, IHasExamples
{
    public KeysCommand()
        : base("keys", "API keys of clients. A key is named by its id (key_…) or its public prefix, the 12 characters after wamcp_live_.")
    {
        Add(new MintKeyCommand());
        Add(new ListKeysCommand());
        Add(new RotateKeyCommand());
        Add(new RevokeKeyCommand());
    }

    public IReadOnlyList<string> Examples { get; } =
    [
        "admin keys mint --client acme-corp --label \"CRM agent\" --scopes tools:send_message,numbers:support --expires 90d",
        "admin keys list --client acme-corp",
        "admin keys rotate abcdefghijkl --grace 7d",
        "admin keys revoke abcdefghijkl",
    ];
}
