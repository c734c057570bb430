using System.Text.Json;

namespace WaMcp.Sandbox.WhatsApp.Graph;

/// <summary>A Graph object with the fields it can show. <c>?fields=</c> picks among them; the id is always there.</summary>
internal sealed class GraphNode(string type, string id, IReadOnlyDictionary<string, object?> fields, IReadOnlyList<string> defaults)
{
    public void Write(Utf8JsonWriter writer, string? asked)
    {
        var names = asked?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [.. defaults];
        writer.WriteStartObject();
        foreach (var name in names.Where(name => name != "id").Distinct(StringComparer.Ordinal))
        {
            if (!fields.TryGetValue(name, out var value))
            {
                throw GraphFault.Platform(100, $"(#100) Tried accessing nonexistent field ({name}) on node type ({type})");
            }

            if (value is not null)
            {
                writer.WritePropertyName(name);
                JsonSerializer.Serialize(writer, value);
            }
        }

        writer.WriteString("id", id);
        writer.WriteEndObject();
    }

    /// <summary>The nodes of an edge, a page at a time: limit, after and before as Graph has them. Cursors are positions.</summary>
    public static void WritePage(Utf8JsonWriter writer, IReadOnlyList<GraphNode> nodes, IQueryCollection query)
    {
        var limit = int.TryParse(query["limit"], out var asked) && asked > 0 ? Math.Min(asked, 1_000) : 25;
        var start = Position(query["after"]) is { } after ? after + 1
            : Position(query["before"]) is { } before ? Math.Max(0, before - limit)
            : 0;
        var page = nodes.Skip(start).Take(limit).ToList();
        writer.WriteStartObject();
        writer.WriteStartArray("data");
        foreach (var node in page)
        {
            node.Write(writer, query.TryGetValue("fields", out var fields) ? fields.ToString() : null);
        }

        writer.WriteEndArray();
        if (page.Count > 0)
        {
            writer.WriteStartObject("paging");
            writer.WriteStartObject("cursors");
            writer.WriteString("before", Cursor(start));
            writer.WriteString("after", Cursor(start + page.Count - 1));
            writer.WriteEndObject();
            if (start + page.Count < nodes.Count)
            {
                writer.WriteString("next", $"?limit={limit}&after={Cursor(start + page.Count - 1)}");
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static string Cursor(int position) => Convert.ToBase64String(BitConverter.GetBytes(position)).TrimEnd('=') + "ZD";

    private static int? Position(string? cursor)
    {
        if (string.IsNullOrEmpty(cursor))
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[4];
        var known = cursor.EndsWith("ZD", StringComparison.Ordinal)
            && Convert.TryFromBase64String(cursor[..^2] + "==", bytes, out var length)
            && length == bytes.Length;
        return known ? BitConverter.ToInt32(bytes) : throw GraphFault.Platform(100, "(#100) Invalid cursors values");
    }
}
