using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Templates;

/// <summary>Fills what a template and each of its cards have: a header, a body, buttons.</summary>
/// <param name="template">The template.</param>
/// <param name="form">What it, or the card, needs.</param>
/// <param name="filling">What is given.</param>
/// <param name="now">An offer must end later.</param>
/// <param name="at">Where in the caller's input it stands: nothing for the template itself, <c>cards[0].</c> for a card.</param>
internal sealed class FillPart(MessageTemplate template, TemplateForm form, TemplateFilling filling, DateTimeOffset now, string at = "")
{
    private const int MaxBody = 1024;
    private const int MaxBodyOfCard = 160;
    private const string See = "list_templates shows what each template needs.";

    private bool IsCard => at.Length > 0;

    private string What => IsCard ? "card" : "template";

    /// <summary>What the person will read, for searching and showing.</summary>
    public string Text => string.Join('\n', new[]
    {
        form.HeaderFormat == "TEXT" ? Filled(form.HeaderText, form.HeaderGaps, filling.Header is null ? [] : [filling.Header]) : null,
        form.OfferText,
        Body,
        form.FooterText,
        string.Join(' ', form.Buttons.Where(button => button.Text.Length > 0).Select(button => $"[{button.Text}]")),
    }.Where(line => !string.IsNullOrEmpty(line)));

    private string Body => Filled(form.BodyText, form.BodyGaps, filling.Body);

    /// <summary>What the provider gets.</summary>
    /// <exception cref="Fault"><c>template_refused</c>, with what is missing or too much.</exception>
    public IEnumerable<TemplateComponent> Components()
    {
        RequireHeader();
        RequireBody();
        RequireOffer();
        if (filling.Header is { } header)
        {
            yield return new TemplateComponent(TemplatePart.Header, Named("header", form.HeaderGaps, [header]));
        }

        if (filling.Body.Count > 0)
        {
            yield return new TemplateComponent(TemplatePart.Body, Named("body", form.BodyGaps, filling.Body));
        }

        if (filling.OfferExpiresAt is { } end)
        {
            yield return new TemplateComponent(TemplatePart.Offer, [new TemplateParameter.Expiry(end)]);
        }

        foreach (var button in Buttons())
        {
            yield return button;
        }
    }

    private void RequireHeader()
    {
        var needed = form.NeededHeader;
        var got = filling.Header switch
        {
            null => null,
            TemplateParameter.File file => MediaContent.Word(file.MediaKind),
            TemplateParameter.Place => "location",
            TemplateParameter.Product => "product",
            _ => "text",
        };
        if (needed != got)
        {
            throw Refused(
                "header",
                needed is null ? $"the {What} takes none, and {got} is given."
                    : got is null ? $"the {What} needs {needed}."
                    : $"the {What} needs {needed}, and {got} is given.");
        }
    }

    private void RequireBody()
    {
        if (filling.Body.Count != form.BodyGaps.Count)
        {
            var gaps = form.BodyGaps.Count == 0 ? "" : $" ({string.Join(", ", form.BodyGaps)})";
            throw Refused("body", $"has {filling.Body.Count} values; the {What} has {form.BodyGaps.Count} gaps{gaps}.", $"Its text: {form.BodyText}");
        }

        var most = IsCard ? MaxBodyOfCard : MaxBody;
        if (Body.EnumerateRunes().Count() is var length && length > most)
        {
            throw Refused("body", $"has {length} characters when it is filled; the limit is {most}.", "Fill it with shorter values.");
        }
    }

    private void RequireOffer()
    {
        if (form.OfferExpires && filling.OfferExpiresAt is null)
        {
            throw Refused("limitedTimeOffer", "the template needs the time when its offer ends.");
        }

        if (!form.OfferExpires && filling.OfferExpiresAt is not null)
        {
            throw Refused("limitedTimeOffer", "the template takes none: it has no offer that ends.");
        }

        if (filling.OfferExpiresAt <= now)
        {
            throw Refused("limitedTimeOffer.expiresAt", "must be in the future.", "Give a later time, or do not send an offer that is over.");
        }
    }

    private List<TemplateParameter> Named(string field, IReadOnlyList<string> gaps, IReadOnlyList<TemplateParameter> given)
    {
        if (!template.HasNamedParameters || gaps.Count == 0)
        {
            return given.OfType<TemplateParameter.Text>().Any(text => text.Name is not null)
                ? throw Refused(field, "this template counts its gaps; leave out name.")
                : [.. given];
        }

        var missing = gaps.Except(given.OfType<TemplateParameter.Text>().Select(text => text.Name)).ToList();
        return missing.Count == 0 ? [.. given] : throw Refused(field, $"the gaps have names; missing: {string.Join(", ", missing)}.");
    }

    private IEnumerable<TemplateComponent> Buttons()
    {
        var given = new Dictionary<int, TemplateFilling.OfButton>();
        foreach (var button in filling.Buttons)
        {
            if (button.Index < 0 || button.Index >= form.Buttons.Count)
            {
                throw Refused("buttons", $"there is no button {button.Index}; the {What} has {form.Buttons.Count}, counted from 0.");
            }

            if (!given.TryAdd(button.Index, button))
            {
                throw Refused("buttons", $"button {button.Index} is given twice.");
            }
        }

        for (var index = 0; index < form.Buttons.Count; index++)
        {
            var button = form.Buttons[index];
            if ((given.GetValueOrDefault(index) ?? Code(index, button)) is { } value)
            {
                yield return Of(index, button, value);
            }
            else if (button.IsNeeded)
            {
                throw Refused("buttons", $"{Name(index, button)} needs {button.Takes}.");
            }
        }
    }

    // The code in the text is the code to copy.
    private TemplateFilling.OfButton? Code(int index, TemplateButton button) =>
        template.Purpose == MessageCategory.Authentication && button.IsNeeded && filling.Body is [TemplateParameter.Text code, ..]
            ? new TemplateFilling.OfButton(index, code.Value, null) : null;

    private TemplateComponent Of(int index, TemplateButton button, TemplateFilling.OfButton given)
    {
        (string Type, TemplateParameter[] Parameters) filled = (button.Takes is null ? "" : button.Type, given.Value, given.Action, given.TtlMinutes) switch
        {
            ("QUICK_REPLY", { } payload, null, null) => ("quick_reply", [new TemplateParameter.Payload(payload)]),
            ("URL" or "OTP", { } ending, null, null) => ("url", [new TemplateParameter.Text(ending)]),
            ("COPY_CODE", { } code, null, null) => ("copy_code", [new TemplateParameter.Coupon(code)]),
            ("VOICE_CALL", { } payload, null, null) => ("voice_call", [new TemplateParameter.Payload(payload)]),
            ("VOICE_CALL", null, null, { } minutes) => ("voice_call", [new TemplateParameter.Lifetime(minutes)]),
            ("VOICE_CALL", { } payload, null, { } minutes) =>
                ("voice_call", [new TemplateParameter.Lifetime(minutes), new TemplateParameter.Payload(payload)]),
            (var type, null, { } action, null) when button.TakesAction => (type.ToLowerInvariant(), [new TemplateParameter.Action(action)]),
            _ => throw Refused("buttons", $"{Name(index, button)} takes {button.Takes ?? "nothing"}."),
        };
        return new TemplateComponent(TemplatePart.Button, filled.Parameters, filled.Type, index);
    }

    private static string Name(int index, TemplateButton button) => $"button {index} ('{button.Text}', {button.Type})";

    private static string Filled(string text, IReadOnlyList<string> gaps, IReadOnlyList<TemplateParameter> parameters)
    {
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

    private Fault Refused(string field, string problem, string nextAction = See) =>
        new(FaultCode.TemplateRefused, $"{at}{field}: {problem}", nextAction, $"{at}{field}");
}
