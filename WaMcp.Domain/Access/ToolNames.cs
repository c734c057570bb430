namespace WaMcp.Domain.Access;

/// <summary>The tools that scopes and grants can name. The Server's tools are held against this list by a test.</summary>
public static class ToolNames
{
    /// <summary>Every tool, in the order in which agents see them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "ping", "list_channels", "send_message", "send_media", "send_template", "send_interactive", "send_location", "send_reaction", "mark_read",
        "get_message", "get_messages", "get_message_context", "search_messages", "wait_for_reply", "list_conversations", "list_contacts", "get_contact",
        "get_media", "list_templates", "get_usage",
    ];

    /// <summary>The tool by which messages of a kind are sent; a grant that no longer holds it stops those that are still queued.</summary>
    public static string ThatSends(string kind) => kind switch
    {
        "template" => "send_template",
        "interactive" => "send_interactive",
        "location" => "send_location",
        "reaction" => "send_reaction",
        "image" or "video" or "audio" or "document" or "sticker" => "send_media",
        _ => "send_message",
    };

    /// <summary>Refuses names that are no tool's: a typing error in a grant would otherwise show only at the first denied call.</summary>
    /// <exception cref="Fault"><c>invalid_input</c>.</exception>
    public static void Require(string field, IReadOnlyCollection<string> tools)
    {
        if (tools.Count == 0)
        {
            throw Fault.Invalid(field, "name at least one tool.", $"Tools: {string.Join(", ", All)}.");
        }

        if (tools.FirstOrDefault(tool => !All.Contains(tool)) is { } unknown)
        {
            throw Fault.Invalid(field, $"'{unknown}' is not a tool.", $"Tools: {string.Join(", ", All)}.");
        }
    }
}
