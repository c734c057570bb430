using System.ComponentModel;
using System.Text.Json.Nodes;
using WaMcp.Domain;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Templates;
using WaMcp.Server.Mcp;

namespace WaMcp.Server.Tools;

/// <summary>
/// Accepts a filled template. Templates are always held against the provider's list or our copy of it: without either, what the template is for
/// is not known, and marketing could reach somebody who said no.
/// </summary>
internal sealed class SendTemplateTool() : SendTool<SendTemplateTool.Input>(
    "send_template",
    "Send a template",
    "Sends a template that the provider approved, with its gaps filled, to one person: the only way to write to somebody who did not write within the "
    + "last 24 hours. Call list_templates first: it shows names, languages and what each template needs. "
    + "Marketing templates are refused for people who stopped marketing; authentication templates need a phone number.")
{
    internal sealed record Input : SendToInput
    {
        [Description("The template's name.")]
        public required string Name { get; init; }

        [Description("The template's language, for example en_US; needed when there are several.")]
        public string? Language { get; init; }

        [Description("What stands above the text, if the template needs it.")]
        public HeaderInput? Header { get; init; }

        [Description("What fills the gaps of the text, in their order.")]
        public IReadOnlyList<ValueInput>? Body { get; init; }

        [Description("What buttons need: address endings, codes, payloads.")]
        public IReadOnlyList<ButtonInput>? Buttons { get; init; }
    }

    [Description("Exactly one of text, currency and dateTime.")]
    internal sealed record ValueInput(
        [property: Description("Words; up to 1024 characters.")] string? Text = null,
        [property: Description("The gap's name, in templates whose gaps have names.")] string? Name = null,
        [property: Description("An amount of money.")] CurrencyInput? Currency = null,
        [property: Description("A date or time, as it is to be read.")] string? DateTime = null);

    internal sealed record CurrencyInput(
        [property: Description("Three letters (ISO 4217), for example EUR.")] string Code,
        [property: Description("The amount times 1000: 12990 is 12.99.")] int Thousandths,
        [property: Description("The amount as text, for example €12.99.")] string Text);

    [Description("Exactly one, as the template needs it.")]
    internal sealed record HeaderInput(
        [property: Description("The gap of a text header; up to 60 characters.")] string? Text = null,
        [property: Description("The gap's name, in templates whose gaps have names.")] string? Name = null,
        [property: Description("A picture.")] MediaInput? Image = null,
        [property: Description("A video.")] MediaInput? Video = null,
        [property: Description("A document.")] MediaInput? Document = null,
        [property: Description("What the document is called.")] string? FileName = null,
        [property: Description("A place.")] LocationInput? Location = null);

    internal sealed record LocationInput(
        [property: Description("Degrees north, -90 to 90.")] double Latitude,
        [property: Description("Degrees east, -180 to 180.")] double Longitude,
        [property: Description("What the place is called.")] string? Name = null,
        [property: Description("Its address.")] string? Address = null);

    internal sealed record ButtonInput(
        [property: Description("Which button, counted from 0.")] int Index,
        [property: Description("The ending of a URL button's address, the code of a copy-code button, the payload of a quick reply.")] string? Value = null,
        [property: Description("For a FLOW or CATALOG button: the action object of Meta's reference.")] JsonObject? Action = null);

    protected override async Task<Draft> DraftAsync(ToolCall<Input> call, CancellationToken cancellationToken)
    {
        var input = call.Input;
        var recipient = RecipientArgument.Read("to", input.To);
        var shelf = await call.Get<FetchTemplates>().ExecuteAsync(call.Channel.Id, cancellationToken);
        var template = FillTemplate.Find(shelf, input.Name, input.Language);
        var (header, file) = Header(input.Header);
        var filling = new TemplateFilling(
            header,
            [.. (input.Body ?? []).Select(Value)],
            [.. (input.Buttons ?? []).Select(button => new TemplateFilling.OfButton(button.Index, button.Value, button.Action))]);
        return new Draft(
            recipient,
            FillTemplate.Execute(template, filling) with { ReplyTo = await AnsweredAsync(call, input.ReplyTo, recipient, cancellationToken) },
            StaleTemplates.Notice(shelf),
            file);
    }

    private static TemplateParameter Value(ValueInput value, int index)
    {
        TemplateParameter?[] given =
        [
            value.Text is { } text ? new TemplateParameter.Text(text, value.Name) : null,
            value.Currency is { } money ? new TemplateParameter.Currency(money.Text, money.Code, money.Thousandths) : null,
            value.DateTime is { } moment ? new TemplateParameter.Moment(moment) : null,
        ];
        return given.OfType<TemplateParameter>().ToList() is [var only]
            ? only
            : throw Fault.Invalid($"body[{index}]", "needs exactly one of text, currency and dateTime.");
    }

    private static (TemplateParameter? Header, FileArgument? File) Header(HeaderInput? header)
    {
        if (header is null)
        {
            return (null, null);
        }

        var file = FileArgument.OfHeader(header.Image, header.Video, header.Document, header.FileName);
        return (header.Text, file, header.Location) switch
        {
            ({ } text, null, null) => (new TemplateParameter.Text(text, header.Name), null),
            (null, { } given, null) => (new TemplateParameter.File(given.Kind, default, given.FileName), given),
            (null, null, { } place) => (new TemplateParameter.Place(new LocationContent(place.Latitude, place.Longitude, place.Name, place.Address)), null),
            _ => throw Fault.Invalid("header", "needs exactly one of text, image, video, document and location."),
        };
    }
}
