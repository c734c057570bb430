using System.CommandLine;
using WaMcp.Admin.CommandLine;

namespace WaMcp.Admin.Inbound;

/// <summary><c>admin inbound</c>.</summary>
internal sealed class InboundCommand : Command, IHasExamples
{
    public InboundCommand()
        : base("inbound", "What providers delivered in the last seven days, and what became of it. A delivery is named by its id (evt_…).")
    {
        Add(new ListInboundCommand());
        Add(new ShowInboundCommand());
        Add(new ReplayInboundCommand());
    }

    public IReadOnlyList<string> Examples { get; } =
    [
        "admin inbound list --outcome unknown_channel --since 24h",
        "admin inbound replay --outcome no_grant --since 24h",
    ];
}
