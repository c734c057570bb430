using System.CommandLine;
using WaMcp.Admin.CommandLine;

namespace WaMcp.Admin.Grants;

/// <summary><c>admin grants</c>.</summary>
internal sealed class GrantsCommand : Command, IHasExamples
{
    public GrantsCommand()
        : base("grants", "What a client may do on a channel: which tools, and how many messages in 24 hours.")
    {
        Add(new AddGrantCommand());
        Add(new ListGrantsCommand());
        Add(new RevokeGrantCommand());
    }

    public IReadOnlyList<string> Examples { get; } =
    [
        "admin grants add --client acme-corp --phone support --tools send_message,get_messages --daily-cap 500",
        "admin grants list --client acme-corp",
        "admin grants revoke --client acme-corp --phone support",
    ];
}
