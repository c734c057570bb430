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

        [Description("What buttons take, as list_templates says it for each: address endings, codes, payloads, actions.")]
        public IReadOnlyList<ButtonInput>? Buttons { get; init; }

        [Description("For a template with an offer that ends, and only then.")]
        public OfferInput? LimitedTimeOffer { get; init; }

        [Description("For a carousel, and only then: its cards, each filled like a small template, in the order in which they are shown.")]
        public IReadOnlyList<CardInput>? Cards { get; init; }
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
        [property: Description("A place.")] LocationInput? Location = null,
        [property: Description("A product.")] ProductInput? Product = null);

    internal sealed record LocationInput(
        [property: Description("Degrees north, -90 to 90.")] double Latitude,
        [property: Description("Degrees east, -180 to 180.")] double Longitude,
        [property: Description("What the place is called.")] string? Name = null,
        [property: Description("Its address.")] string? Address = null);

    internal sealed record ProductInput(
        [property: Description("The product's own id in the catalogue (retailer id, content id).")] string RetailerId,
        [property: Description("The id of the catalogue that is connected to the account.")] string CatalogId);

    internal sealed record ButtonInput(
        [property: Description("Which button, counted from 0.")] int Index,
        [property: Description("The ending of a URL button's address, the code of a copy-code button, the payload of a quick reply or of a call.")] string? Value = null,
        [property: Description("For FLOW, CATALOG, MPM and ORDER_DETAILS buttons: the action object of Meta's reference.")] JsonObject? Action = null,
        [property: Description("For VOICE_CALL buttons: how many minutes the button works, 1 to 43200.")] int? TtlMinutes = null);

    internal sealed record OfferInput(
        [property: Description("When the offer ends, with its time zone: 2026-12-24T18:00:00Z; must be in the future.")] DateTimeOffset ExpiresAt);

    internal sealed record CardInput(
        [property: Description("What stands above the card's text.")] CardHeaderInput? Header = null,
        [property: Description("What fills the gaps of the card's text, in their order; the text has up to 160 characters when it is filled.")] IReadOnlyList<ValueInput>? Body = null,
        [property: Description("What the card's buttons take, as list_templates says it for each.")] IReadOnlyList<ButtonInput>? Buttons = null);

    [Description("Exactly one, as the card needs it.")]
    internal sealed record CardHeaderInput(
        [property: Description("A picture.")] MediaInput? Image = null,
        [property: Description("A video.")] MediaInput? Video = null,
        [property: Description("A product.")] ProductInput? Product = null);

    protected override async Task<Draft> DraftAsync(ToolCall<Input> call, CancellationToken cancellationToken)
    {
        var input = call.Input;
        var recipient = RecipientArgument.Read("to", input.To);
        var shelf = await call.Get<FetchTemplates>().ExecuteAsync(call.Channel.Id, cancellationToken);
        var template = FillTemplate.Find(shelf, input.Name, input.Language);
        var files = new List<FileArgument>();
        var filling = Filling("", input.Header, input.Body, input.Buttons, files) with
        {
            OfferExpiresAt = input.LimitedTimeOffer?.ExpiresAt,
            Cards = [.. (input.Cards ?? []).Select((card, index) => Filling($"cards[{index}].", card.Header, card.Body, card.Buttons, files))],
        };
        return new Draft(
            recipient,
            FillTemplate.Execute(template, filling, call.Get<TimeProvider>().GetUtcNow()) with
            {
                ReplyTo = await AnsweredAsync(call, input.ReplyTo, recipient, cancellationToken),
            },
            StaleTemplates.Notice(shelf),
            files);
    }

    private static TemplateFilling Filling(
        string at, CardHeaderInput? header, IReadOnlyList<ValueInput>? body, IReadOnlyList<ButtonInput>? buttons, List<FileArgument> files) =>
        Filling(at, header is null ? null : new HeaderInput(Image: header.Image, Video: header.Video, Product: header.Product), body, buttons, files);

    private static TemplateFilling Filling(
        string at, HeaderInput? header, IReadOnlyList<ValueInput>? body, IReadOnlyList<ButtonInput>? buttons, List<FileArgument> files) => new(
            header is null ? null : Header($"{at}header", header, files),
            [.. (body ?? []).Select((value, index) => Value($"{at}body[{index}]", value))],
            [.. (buttons ?? []).Select(button => new TemplateFilling.OfButton(button.Index, button.Value, button.Action, button.TtlMinutes))]);

    private static TemplateParameter Value(string field, ValueInput value)
    {
        TemplateParameter?[] given =
        [
            value.Text is { } text ? new TemplateParameter.Text(text, value.Name) : null,
            value.Currency is { } money ? new TemplateParameter.Currency(money.Text, money.Code, money.Thousandths) : null,
            value.DateTime is { } moment ? new TemplateParameter.Moment(moment) : null,
        ];
        return given.OfType<TemplateParameter>().ToList() is [var only]
            ? only
            : throw Fault.Invalid(field, "needs exactly one of text, currency and dateTime.");
    }

    private static TemplateParameter Header(string field, HeaderInput header, List<FileArgument> files)
    {
        var file = FileArgument.OfHeader(header.Image, header.Video, header.Document, header.FileName, field);
        TemplateParameter?[] given =
        [
            header.Text is { } text ? new TemplateParameter.Text(text, header.Name) : null,
            file is null ? null : new TemplateParameter.File(file.Kind, default, file.FileName),
            header.Location is { } place
                ? new TemplateParameter.Place(new LocationContent(place.Latitude, place.Longitude, place.Name, place.Address)) : null,
            header.Product is { } product ? new TemplateParameter.Product(product.RetailerId, product.CatalogId) : null,
        ];
        if (given.OfType<TemplateParameter>().ToList() is not [var only])
        {
            throw Fault.Invalid(field, "needs exactly one of text, image, video, document, location and product.");
        }

        if (file is not null)
        {
            files.Add(file);
        }

        return only;
    }
}
