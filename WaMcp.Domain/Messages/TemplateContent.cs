using System.Text.Json.Serialization;
using WaMcp.Domain.Media;

namespace WaMcp.Domain.Messages;

/// <summary>A text that the provider approved before, with its gaps filled (https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates).</summary>
/// <param name="Name">Which template.</param>
/// <param name="Language">In which language, as the template was approved: <c>en_US</c>, <c>de</c>.</param>
/// <param name="For">What the template is for, as the provider says.</param>
/// <param name="Components">What fills it.</param>
/// <param name="Text">What it says when it is filled, if that is known.</param>
public sealed record TemplateContent(
    string Name, string Language, MessageCategory For, IReadOnlyList<TemplateComponent> Components, string? Text = null) : MessageContent
{
    /// <summary>The discriminator.</summary>
    public const string KindName = "template";

    private const int MaxName = 512;
    private const int MaxLanguage = 20;
    private const int MaxParameter = 1024;
    private const int MaxHeader = 60;
    private const int MaxPayload = 256;
    private const int MaxCoupon = 15; // https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates/coupon-templates
    private const int MaxUrlEnding = 2000;
    private const int MaxButtons = 10;
    private const int MaxAction = 8 * 1024;

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
    public override IEnumerable<MediaObjectId> Media =>
        Components.SelectMany(component => component.Parameters).OfType<TemplateParameter.File>().Select(file => file.Object);

    /// <inheritdoc/>
    public override MessageContent With(MediaObjectId file)
    {
        return this with { Components = [.. Components.Select(component => component with { Parameters = [.. component.Parameters.Select(Filled)] })] };

        TemplateParameter Filled(TemplateParameter parameter) => parameter is TemplateParameter.File empty ? empty with { Object = file } : parameter;
    }

    /// <inheritdoc/>
    public override void Check()
    {
        ContentLimit.Require("name", Name, MaxName);
        ContentLimit.Require("language", Language, MaxLanguage);
        foreach (var component in Components)
        {
            var field = component.Part switch
            {
                TemplatePart.Header => "header",
                TemplatePart.Body => "body",
                _ => $"buttons[{component.Index}]",
            };
            if (component is { Part: TemplatePart.Button, Index: null or < 0 or >= MaxButtons })
            {
                throw Fault.Invalid("buttons.index", $"must be 0 to {MaxButtons - 1}.");
            }

            foreach (var parameter in component.Parameters)
            {
                Check(field, component.Part, parameter);
            }
        }
    }

    private static void Check(string field, TemplatePart part, TemplateParameter parameter)
    {
        switch (parameter)
        {
            case TemplateParameter.Text text:
                ContentLimit.Require(field, text.Value, part switch
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
            case TemplateParameter.Payload payload:
                ContentLimit.Require($"{field}.payload", payload.Value, MaxPayload);
                break;
            case TemplateParameter.Coupon coupon:
                ContentLimit.Require($"{field}.code", coupon.Code, MaxCoupon);
                break;
            case TemplateParameter.Action action:
                ContentLimit.Require($"{field}.action", action.Document.ToJsonString(), MaxAction);
                break;
        }
    }
}
