using System.Text.Json;
using System.Text.RegularExpressions;
using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Graph;

namespace WaMcp.Sandbox.WhatsApp.Templates;

/// <summary><c>/{account id}/message_templates</c>: list, create (reviewed after a moment), delete.</summary>
internal static partial class TemplateEndpoints
{
    private static readonly string[] Categories = ["MARKETING", "UTILITY", "AUTHENTICATION"];

    public static void MapTemplates(this IEndpointRouteBuilder graph)
    {
        graph.MapGet("/{id}/message_templates", List);
        graph.MapPost("/{id}/message_templates", CreateAsync);
        graph.MapDelete("/{id}/message_templates", Delete);
    }

    public static GraphNode Node(Template template) => new(
        "WhatsAppBusinessHSM",
        template.Id,
        new Dictionary<string, object?>
        {
            ["id"] = template.Id,
            ["name"] = template.Name,
            ["parameter_format"] = template.ParameterFormat,
            ["components"] = template.Components,
            ["language"] = template.Language,
            ["status"] = template.Status,
            ["category"] = template.Category,
            ["rejected_reason"] = template.Status == "REJECTED" ? "INVALID_FORMAT" : "NONE",
            ["quality_score"] = new { score = "GREEN" },
        },
        ["name", "parameter_format", "components", "language", "status", "category"]);

    private static Task List(HttpContext context, BusinessAccounts accounts)
    {
        var call = GraphCall.Of(context);
        var query = context.Request.Query;
        var found = call.Account(accounts).Templates.All.Where(template =>
            Matches(query["name"], template.Name)
            && Matches(query["language"], template.Language)
            && Matches(query["status"], template.Status)
            && Matches(query["category"], template.Category));
        return call.AnswerAsync(writer => GraphNode.WritePage(writer, [.. found.Select(Node)], query));
    }

    private static async Task CreateAsync(HttpContext context, BusinessAccounts accounts, ReviewTemplate review)
    {
        var call = GraphCall.Of(context);
        var account = call.Account(accounts);
        var request = call.Json;
        var name = request.FindText("name") ?? throw new GraphFault(100, "name is required.");
        if (!NameShape().IsMatch(name))
        {
            throw new GraphFault(100, "name may only have lower case letters, digits and underscores, up to 512.");
        }

        var language = request.FindText("language") ?? throw new GraphFault(100, "language is required.");
        var category = request.FindText("category")?.ToUpperInvariant();
        if (!Categories.Contains(category, StringComparer.Ordinal))
        {
            throw new GraphFault(100, $"category must be one of {string.Join(", ", Categories)}.");
        }

        var components = request.Array("components", "components", 1, 10);
        if (!components.EnumerateArray().Any(component => Matches("BODY", component.FindText("type") ?? "")))
        {
            throw new GraphFault(100, "components must have a BODY.");
        }

        CheckKinds(components, category!);
        var format = request.FindText("parameter_format")?.ToUpperInvariant() ?? "POSITIONAL";
        var created = account.Templates.Add(name, language, category!, format, components)
            ?? throw GraphFault.Platform(100, "Content in this language already exists", 2388024);
        review.Start(account, created);
        await call.AnswerAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("id", created.Id);
            writer.WriteString("status", created.Status);
            writer.WriteString("category", created.Category);
            writer.WriteEndObject();
        });
    }

    private static void CheckKinds(JsonElement components, string category)
    {
        foreach (var component in components.EnumerateArray())
        {
            var type = component.FindText("type")?.ToUpperInvariant();
            if (type is "CAROUSEL" or "LIMITED_TIME_OFFER" && category != "MARKETING")
            {
                throw new GraphFault(100, $"{type} is for MARKETING templates only.");
            }

            if (type == "CAROUSEL")
            {
                var cards = component.Array("cards", "cards", 2, 10).EnumerateArray()
                    .Select(card => new TemplateLayout(card.Items("components"), category, isNamed: false))
                    .Select(card => $"{card.HeaderFormat} {card.BodyText.Length > 0} {string.Join(' ', card.Buttons.Select(button => button.Type))}");
                if (cards.Distinct(StringComparer.Ordinal).Count() > 1)
                {
                    throw new GraphFault(100, "All cards of a carousel must have the same components.");
                }
            }
        }
    }

    private static Task Delete(string? name, string? hsm_id, HttpContext context, BusinessAccounts accounts)
    {
        var call = GraphCall.Of(context);
        var templates = call.Account(accounts).Templates;
        if (name is null)
        {
            throw new GraphFault(100, "name is required.");
        }

        var gone = templates.Remove(template => template.Name == name && (hsm_id is null || template.Id == hsm_id));
        return gone > 0
            ? call.AnswerSuccessAsync()
            : throw GraphFault.Platform(100, "Message Template Not Found", 2593002);
    }

    private static bool Matches(string? asked, string value) =>
        string.IsNullOrEmpty(asked) || string.Equals(asked, value, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex("^[a-z0-9_]{1,512}$")]
    private static partial Regex NameShape();
}
