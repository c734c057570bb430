using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Templates;

/// <summary>Makes a message of a template, or says what is missing before the provider would (its errors 132000, 132001, 132012, 132015, 132016).</summary>
public static class FillTemplate
{
    private const int MaxBody = 1024;
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
    /// <exception cref="Fault"><c>template_refused</c>, with what is missing or too much.</exception>
    public static TemplateContent Execute(MessageTemplate template, TemplateFilling filling)
    {
        var form = TemplateForm.Of(template);
        if (form.Unfillable is { } part)
        {
            throw Refused(
                $"The template '{template.Name}' ({template.Language}) has a part that cannot be filled here: {Shorten(part)}.",
                "Choose another: list_templates shows them.",
                "name");
        }

        var components = new List<TemplateComponent>();
        RequireHeader(form, filling.Header);
        if (filling.Header is { } header)
        {
            components.Add(new TemplateComponent(TemplatePart.Header, Named(template, "header", form.HeaderGaps, [header])));
        }

        if (filling.Body.Count != form.BodyGaps.Count)
        {
            throw Refused(
                $"body: has {filling.Body.Count} values; the template has {form.BodyGaps.Count} gaps{List(form.BodyGaps)}.", $"Its text: {form.BodyText}", "body");
        }

        if (filling.Body.Count > 0)
        {
            components.Add(new TemplateComponent(TemplatePart.Body, Named(template, "body", form.BodyGaps, filling.Body)));
        }

        components.AddRange(Buttons(template, form, filling));
        return new TemplateContent(template.Name, template.Language, template.Purpose, components, Text(form, components));
    }

    private static string Within(string body) => body.EnumerateRunes().Count() is var length && length > MaxBody
        ? throw Refused($"body: has {length} characters when it is filled; the limit is {MaxBody}.", "Fill it with shorter values.", "body")
        : body;

    private static void RequireHeader(TemplateForm form, TemplateParameter? given)
    {
        var needed = form.HeaderFormat switch
        {
            null => null,
            "TEXT" => form.HeaderGaps.Count == 0 ? null : "text",
            var format => format.ToLowerInvariant(),
        };
        var got = given switch
        {
            null => null,
            TemplateParameter.File file => MediaContent.Word(file.MediaKind),
            TemplateParameter.Place => "location",
            _ => "text",
        };
        if (needed != got)
        {
            throw Refused(
                needed is null ? $"header: the template takes none, and {got} is given."
                    : got is null ? $"header: the template needs {needed}."
                    : $"header: the template needs {needed}, and {got} is given.",
                See,
                "header");
        }
    }

    private static List<TemplateParameter> Named(
        MessageTemplate template, string field, IReadOnlyList<string> gaps, IReadOnlyList<TemplateParameter> given)
    {
        if (!template.HasNamedParameters || gaps.Count == 0)
        {
            return given.OfType<TemplateParameter.Text>().Any(text => text.Name is not null)
                ? throw Refused($"{field}: this template counts its gaps; leave out name.", See, field)
                : [.. given];
        }

        var missing = gaps.Except(given.OfType<TemplateParameter.Text>().Select(text => text.Name)).ToList();
        return missing.Count == 0 ? [.. given] : throw Refused($"{field}: the gaps have names; missing: {string.Join(", ", missing)}.", See, field);
    }

    private static IEnumerable<TemplateComponent> Buttons(MessageTemplate template, TemplateForm form, TemplateFilling filling)
    {
        var given = new Dictionary<int, TemplateFilling.OfButton>();
        foreach (var button in filling.Buttons)
        {
            if (button.Index < 0 || button.Index >= form.Buttons.Count)
            {
                throw Refused($"buttons: there is no button {button.Index}; the template has {form.Buttons.Count}, counted from 0.", See, "buttons");
            }

            if (!given.TryAdd(button.Index, button))
            {
                throw Refused($"buttons: button {button.Index} is given twice.", See, "buttons");
            }
        }

        for (var index = 0; index < form.Buttons.Count; index++)
        {
            var button = form.Buttons[index];
            var value = given.GetValueOrDefault(index);
            if (value is null && template.Purpose == MessageCategory.Authentication && button.NeedsValue
                && filling.Body is [TemplateParameter.Text code, ..])
            {
                value = new TemplateFilling.OfButton(index, code.Value, null); // the code in the text is the code to copy
            }

            if (value is not null)
            {
                yield return Of(index, button, value);
            }
            else if (button.NeedsValue)
            {
                throw Refused($"buttons: button {index} ('{button.Text}', {button.Type}) needs a value.", See, "buttons");
            }
        }
    }

    private static TemplateComponent Of(int index, TemplateForm.Button button, TemplateFilling.OfButton given)
    {
        var (type, parameter) = (button.Type, given.Value, given.Action) switch
        {
            ("QUICK_REPLY", { } payload, null) => ("quick_reply", (TemplateParameter)new TemplateParameter.Payload(payload)),
            ("URL", { } ending, null) when button.NeedsValue => ("url", new TemplateParameter.Text(ending)),
            ("OTP", { } code, null) => ("url", new TemplateParameter.Text(code)),
            ("COPY_CODE", { } code, null) => ("copy_code", new TemplateParameter.Coupon(code)),
            ("FLOW", null, { } action) => ("flow", new TemplateParameter.Action(action)),
            ("CATALOG", null, { } action) => ("catalog", new TemplateParameter.Action(action)),
            ("FLOW" or "CATALOG", _, _) => throw Refused($"buttons: button {index} ({button.Type}) takes an action, not a value.", See, "buttons"),
            (_, null, _) => throw Refused($"buttons: button {index} ({button.Type}) takes a value, not an action.", See, "buttons"),
            _ => throw Refused($"buttons: button {index} ('{button.Text}', {button.Type}) takes nothing.", See, "buttons"),
        };
        return new TemplateComponent(TemplatePart.Button, [parameter], type, index);
    }

    // What the person will read, for searching and showing.
    private static string Text(TemplateForm form, IReadOnlyList<TemplateComponent> components)
    {
        string?[] parts =
        [
            form.HeaderFormat == "TEXT" ? Filled(form.HeaderText, form.HeaderGaps, TemplatePart.Header) : null,
            Within(Filled(form.BodyText, form.BodyGaps, TemplatePart.Body)),
            form.FooterText,
            form.Buttons.Count == 0 ? null : string.Join(' ', form.Buttons.Select(button => $"[{button.Text}]")),
        ];
        return string.Join('\n', parts.OfType<string>());

        string Filled(string text, IReadOnlyList<string> gaps, TemplatePart part)
        {
            var parameters = components.FirstOrDefault(component => component.Part == part)?.Parameters ?? [];
            var values = new Dictionary<string, string>();
            foreach (var (parameter, gap) in parameters.Zip(gaps))
            {
                values[(parameter as TemplateParameter.Text)?.Name ?? gap] = parameter switch
                {
                    TemplateParameter.Text words => words.Value,
                    TemplateParameter.Currency money => money.Fallback,
                    TemplateParameter.Moment moment => moment.Fallback,
                    _ => "",
                };
            }

            return TemplateForm.Fill(text, values);
        }
    }

    private static string List(IReadOnlyList<string> gaps) => gaps.Count == 0 ? "" : $" ({string.Join(", ", gaps)})";

    private static string Shorten(string text) => text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 80), "…");

    private static Fault Refused(string text, string nextAction, string field) => new(FaultCode.TemplateRefused, text, nextAction, field);
}
