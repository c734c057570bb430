using System.Text.Json.Serialization;
using WaMcp.Domain.Media;

namespace WaMcp.Domain.Messages;

/// <summary>A text that the provider approved before, with its gaps filled (https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates).</summary>
/// <param name="Name">Which template.</param>
/// <param name="Language">In which language, as the template was approved: <c>en_US</c>, <c>de</c>.</param>
/// <param name="For">What the template is for, as the provider says.</param>
/// <param name="Components">What fills it.</param>
/// <param name="Text">What it says when it is filled, if that is known.</param>
/// <param name="Cards">What fills the cards of a carousel, in order; null when it is none.</param>
public sealed record TemplateContent(
    string Name,
    string Language,
    MessageCategory For,
    IReadOnlyList<TemplateComponent> Components,
    string? Text = null,
    IReadOnlyList<TemplateCard>? Cards = null) : MessageContent
{
    /// <summary>The discriminator.</summary>
    public const string KindName = "template";

    private const int MaxName = 512;
    private const int MaxLanguage = 20;
    private const int MaxParameter = 1024;
    private const int MaxHeader = 60;
    private const int MaxPayload = 256;
    private const int MaxPayloadOfCall = 512; // https://developers.facebook.com/documentation/business-messaging/whatsapp/calling/call-button-messages-deep-links
    private const int MaxMinutes = 30 * 24 * 60;
    private const int MaxProduct = 200;
    private const int MaxCoupon = 15; // https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates/coupon-templates
    private const int MaxUrlEnding = 2000;
    private const int MaxButtons = 10;
    private const int MaxAction = 8 * 1024;
    private const int MaxCards = 10;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => KindName;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string? Body => Text ?? $"{Name} ({Language})";

    /// <inheritdoc/>
    [JsonIgnore]
    public override MessageCategory Category => For;

    /// <inheritdoc/>
    [JsonIgnore]
    public override bool IsFreeForm => false;

    /// <inheritdoc/>
    [JsonIgnore]
    public override IEnumerable<MediaObjectId> Media => Components.Concat((Cards ?? []).SelectMany(card => card.Components))
        .SelectMany(component => component.Parameters).OfType<TemplateParameter.File>().Select(file => file.Object);

    /// <inheritdoc/>
    public override MessageContent With(IReadOnlyList<MediaObjectId> files)
    {
        var next = 0;
        return this with { Components = Filled(Components), Cards = Cards is null ? null : [.. Cards.Select(card => new TemplateCard(Filled(card.Components)))] };

        TemplateComponent[] Filled(IReadOnlyList<TemplateComponent> components) =>
            [.. components.Select(component => component with { Parameters = [.. component.Parameters.Select(FilledOne)] })];

        TemplateParameter FilledOne(TemplateParameter parameter) => parameter is TemplateParameter.File empty ? empty with { Object = files[next++] } : parameter;
    }

    /// <inheritdoc/>
    public override void Check()
    {
        ContentLimit.Require("name", Name, MaxName);
        ContentLimit.Require("language", Language, MaxLanguage);
        Check("", Components);
        if (Cards is null)
        {
            return;
        }

        ContentLimit.Count("cards", Cards, MaxCards);
        for (var index = 0; index < Cards.Count; index++)
        {
            Check($"cards[{index}].", Cards[index].Components);
        }
    }

    private static void Check(string at, IReadOnlyList<TemplateComponent> components)
    {
        foreach (var component in components)
        {
            var field = component.Part switch
            {
                TemplatePart.Header => $"{at}header",
                TemplatePart.Body => $"{at}body",
                TemplatePart.Offer => $"{at}limitedTimeOffer",
                _ => $"{at}buttons[{component.Index}]",
            };
            if (component is { Part: TemplatePart.Button, Index: null or < 0 or >= MaxButtons })
            {
                throw Fault.Invalid($"{at}buttons.index", $"must be 0 to {MaxButtons - 1}.");
            }

            foreach (var parameter in component.Parameters)
            {
                Check(field, component, parameter);
            }
        }
    }

    private static void Check(string field, TemplateComponent component, TemplateParameter parameter)
    {
        switch (parameter)
        {
            case TemplateParameter.Text text:
                ContentLimit.Require(field, text.Value, component.Part switch
                {
                    TemplatePart.Header => MaxHeader,
                    TemplatePart.Body => MaxParameter,
                    _ => MaxUrlEnding,
                });
                break;
            case TemplateParameter.Currency money:
                ContentLimit.Require(field, money.Fallback, MaxParameter);
                if (money.Code.Length != 3 || !money.Code.All(char.IsAsciiLetterUpper))
                {
                    throw Fault.Invalid(field, "the currency must be 3 letters (ISO 4217), for example EUR.");
                }

                break;
            case TemplateParameter.Moment moment:
                ContentLimit.Require(field, moment.Fallback, MaxParameter);
                break;
            case TemplateParameter.File { MediaKind: not (MediaKind.Image or MediaKind.Video or MediaKind.Document) }:
                throw Fault.Invalid(field, "of a template can be an image, a video or a document.");
            case TemplateParameter.File file:
                ContentLimit.Optional($"{field}.fileName", file.FileName, MediaContent.MaxFileName);
                break;
            case TemplateParameter.Place place:
                place.Where.Check();
                break;
            case TemplateParameter.Product product:
                ContentLimit.Require($"{field}.product.retailerId", product.RetailerId, MaxProduct);
                ContentLimit.Require($"{field}.product.catalogId", product.CatalogId, MaxProduct);
                break;
            case TemplateParameter.Payload payload:
                ContentLimit.Require($"{field}.payload", payload.Value, component.Button == "voice_call" ? MaxPayloadOfCall : MaxPayload);
                break;
            case TemplateParameter.Lifetime { Minutes: < 1 or > MaxMinutes }:
                throw Fault.Invalid($"{field}.ttlMinutes", $"must be 1 to {MaxMinutes}.");
            case TemplateParameter.Coupon coupon:
                ContentLimit.Require($"{field}.code", coupon.Code, MaxCoupon);
                break;
            case TemplateParameter.Action action:
                ContentLimit.Require($"{field}.action", action.Document.ToJsonString(), MaxAction);
                ButtonAction.Check($"{field}.action", component.Button, action.Document);
                break;
        }
    }
}
