using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Templates;

/// <summary>Makes a message of a template, or says what is missing before the provider would (its errors 132000, 132001, 132012, 132015, 132016).</summary>
public static class FillTemplate
{
    private const string See = "list_templates shows what each template needs.";

    /// <summary>Finds the template that a caller means.</summary>
    /// <param name="shelf">All there are.</param>
    /// <param name="name">Its name.</param>
    /// <param name="language">Its language; null will do when there is one only.</param>
    /// <exception cref="Fault"><c>template_refused</c>, <c>invalid_input</c>.</exception>
    public static MessageTemplate Find(TemplateShelf shelf, string name, string? language)
    {
        var named = shelf.Templates.Where(template => template.Name == name).ToList();
        if (named.Count == 0)
        {
            throw Refused($"There is no template '{Shorten(name)}' on this channel.", See, "name");
        }

        var languages = string.Join(", ", named.Select(template => template.Language));
        var found = language is null
            ? named is [var only] ? only : throw Fault.Invalid("language", $"is needed: this template exists in {languages}.")
            : named.Find(template => template.Language == language)
                ?? throw Refused($"The template '{name}' does not exist in '{Shorten(language)}'.", $"It exists in {languages}.", "language");
        return found.IsApproved ? found : throw Refused(
            $"The template '{name}' ({found.Language}) cannot be sent: it is {found.Status.ToLowerInvariant()}.",
            found.Status is "PENDING" or "IN_APPEAL" ? "Wait until the provider has approved it, or choose another: list_templates shows them."
                : "Choose another, or ask the operator to mend this one: list_templates shows them.",
            "name");
    }

    /// <summary>The message.</summary>
    /// <param name="template">Which.</param>
    /// <param name="filling">What goes into its gaps.</param>
    /// <param name="now">An offer must end later.</param>
    /// <exception cref="Fault"><c>template_refused</c>, with what is missing or too much.</exception>
    public static TemplateContent Execute(MessageTemplate template, TemplateFilling filling, DateTimeOffset now)
    {
        var form = TemplateForm.Of(template);
        if (form.Unfillable is { } part)
        {
            throw Refused(
                $"The template '{template.Name}' ({template.Language}) has a part that cannot be filled here: {Shorten(part)}.",
                "Choose another: list_templates shows them.",
                "name");
        }

        var own = new FillPart(template, form, filling, now);
        List<TemplateComponent> components = [.. own.Components()];
        var cards = Cards(template, form, filling, now).Select(card => (Filled: new TemplateCard([.. card.Components()]), card.Text)).ToList();
        return new TemplateContent(
            template.Name,
            template.Language,
            template.Purpose,
            components,
            string.Join('\n', cards.Select(card => card.Text).Prepend(own.Text)),
            cards.Count == 0 ? null : [.. cards.Select(card => card.Filled)]);
    }

    private static IEnumerable<FillPart> Cards(MessageTemplate template, TemplateForm form, TemplateFilling filling, DateTimeOffset now)
    {
        if (filling.Cards.Count < form.FewestCards || filling.Cards.Count > form.MostCards)
        {
            throw Refused(
                form.Cards.Count == 0
                    ? "cards: the template takes none."
                    : $"cards: has {filling.Cards.Count} cards; the template takes {form.FewestCards}"
                        + (form.MostCards > form.FewestCards ? $" to {form.MostCards}." : "."),
                See,
                "cards");
        }

        return filling.Cards.Select((card, index) => new FillPart(template, form.Card(index), card, now, $"cards[{index}]."));
    }

    private static string Shorten(string text) => text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 80), "…");

    private static Fault Refused(string text, string nextAction, string field) => new(FaultCode.TemplateRefused, text, nextAction, field);
}
