using System.Collections.Frozen;
using ModelContextProtocol.Server;
using WaMcp.Domain;

namespace WaMcp.Server.Mcp;

/// <summary>The tools of this program by name.</summary>
/// <param name="tools">As registered.</param>
internal sealed class ToolCatalog(IEnumerable<McpServerTool> tools)
{
    private readonly FrozenSet<string> names = tools.Select(tool => tool.ProtocolTool.Name).ToFrozenSet(StringComparer.Ordinal);

    public bool Knows(string tool) => names.Contains(tool);

    /// <exception cref="Fault"><c>unknown_tool</c>.</exception>
    public void Require(string tool)
    {
        if (!Knows(tool))
        {
            throw new Fault(FaultCode.UnknownTool, "There is no such tool.", "tools/list shows the tools that your key may call.");
        }
    }
}
