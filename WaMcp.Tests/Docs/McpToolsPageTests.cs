using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Docs;

/// <summary>docs/api/mcp-tools.md is what the tools say of themselves; <c>WAMCP_UPDATE_DOCS=1</c> writes it again.</summary>
[Collection(SharedSystemTests.Name)]
public sealed class McpToolsPageTests(SharedSystem shared)
{
    private const string Head =
        """
        # MCP tools

        What an agent can call at `https://wa.<yourdomain>/mcp`, as `tools/list` tells it. A key sees the tools of its scopes only. What can go wrong
        is in [errors.md](errors.md).

        Wherever a tool asks for a `channel`, its id, its name or its phone number id will do, also under the names `phoneNumberId`,
        `phone_number_id` and `phone`. Times are ISO 8601, UTC. Members without a value are left out of answers.

        """;

    [Fact]
    public async Task ThePageSaysWhatTheToolsSay()
    {
        var page = new StringBuilder(Head.ReplaceLineEndings("\n"));
        foreach (var tool in shared.System.ServerApplication.Services.GetServices<McpServerTool>().Select(tool => tool.ProtocolTool).OrderBy(tool => tool.Name, StringComparer.Ordinal))
        {
            Write(page, tool);
        }

        var path = Path.Combine(Repository.Root, "docs", "api", "mcp-tools.md");
        if (Runbook.IsUpdate)
        {
            await File.WriteAllTextAsync(path, page.ToString());
        }

        (await File.ReadAllTextAsync(path)).ShouldBe(page.ToString(), "Run this test with WAMCP_UPDATE_DOCS=1 and read what changed.");
    }

    private static void Write(StringBuilder page, Tool tool)
    {
        page.Append($"\n## {tool.Name}\n\n{tool.Description}\n\n{Nature(tool.Annotations!)}\n");
        Write(page, "input", tool.InputSchema);
        Write(page, "answer", tool.OutputSchema!.Value);
    }

    private static string Nature(ToolAnnotations hints) => hints.ReadOnlyHint == true
        ? "Reads only."
        : $"Changes something{(hints.DestructiveHint == true ? ", and it cannot be undone" : "")}. "
            + (hints.IdempotentHint == true ? "Calling it twice does what calling it once does." : "Calling it twice does it twice.");

    private static void Write(StringBuilder page, string heading, JsonElement schema)
    {
        var rows = Members("", schema).ToList();
        page.Append(rows.Count == 0 ? $"\nNo {heading}.\n" : $"\n| {heading} | type | meaning |\n|---|---|---|\n");
        foreach (var row in rows)
        {
            page.Append(row);
        }
    }

    private static IEnumerable<string> Members(string prefix, JsonElement schema)
    {
        if (!schema.TryGetProperty("properties", out var properties))
        {
            yield break;
        }

        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(name => name.GetString()).ToHashSet() : [];
        foreach (var member in properties.EnumerateObject())
        {
            var meaning = member.Value.TryGetProperty("description", out var description) ? description.GetString() : "";
            var optional = required.Contains(member.Name) ? "" : ", optional";
            yield return $"| `{prefix}{member.Name}` | {Type(member.Value)}{optional} | {meaning} |\n";
            var items = member.Value.TryGetProperty("items", out var each) ? each : member.Value;
            foreach (var row in Members($"{prefix}{member.Name}.", items))
            {
                yield return row;
            }
        }
    }

    private static string Type(JsonElement schema)
    {
        if (schema.TryGetProperty("enum", out var values))
        {
            return string.Join(" \\| ", values.EnumerateArray().Where(value => value.ValueKind == JsonValueKind.String).Select(value => $"`{value.GetString()}`"));
        }

        if (!schema.TryGetProperty("type", out var type))
        {
            return "any";
        }

        var name = type.ValueKind == JsonValueKind.Array
            ? type.EnumerateArray().Select(each => each.GetString()!).First(each => each != "null")
            : type.GetString()!;
        return name == "array" && schema.TryGetProperty("items", out var items) ? $"list of {Type(items)}" : name;
    }
}
