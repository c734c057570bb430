using System.Text.Json.Serialization;
using WaMcp.Domain.Media;

namespace WaMcp.Domain.Messages;

/// <summary>
/// A message with something to tap (https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-reply-buttons-messages and its
/// siblings for lists and links).
/// </summary>
/// <param name="Text">What it says.</param>
/// <param name="Action">What can be tapped.</param>
/// <param name="Header">What stands above.</param>
/// <param name="Footer">What stands below.</param>
public sealed record InteractiveContent(
    string Text, InteractiveAction Action, InteractiveHeader? Header = null, string? Footer = null) : MessageContent
{
    /// <summary>The discriminator.</summary>
    public const string KindName = "interactive";

    private const int MaxText = 1024;
    private const int MaxTextOfMenu = 4096;
    private const int MaxShort = 60;
    private const int MaxButtons = 3;
    private const int MaxButtonTitle = 20;
    private const int MaxButtonId = 256;
    private const int MaxSections = 10;
    private const int MaxRows = 10;
    private const int MaxRowTitle = 24;
    private const int MaxRowId = 200;
    private const int MaxDescription = 72;
    private const int MaxUrl = 2000;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => KindName;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string? Body => string.Join('\n', new[] { (Header as InteractiveHeader.Text)?.Words, Text, Footer, Choices() }.OfType<string>());

    /// <inheritdoc/>
    [JsonIgnore]
    public override IEnumerable<MediaObjectId> Media => Header is InteractiveHeader.File file ? [file.Object] : [];

    /// <inheritdoc/>
    public override MessageContent With(IReadOnlyList<MediaObjectId> files) =>
        Header is InteractiveHeader.File header ? this with { Header = header with { Object = files[0] } } : this;

    /// <inheritdoc/>
    public override void Check()
    {
        ContentLimit.Require("text", Text, Action is InteractiveAction.Menu ? MaxTextOfMenu : MaxText);
        if (Footer is not null)
        {
            ContentLimit.Require("footer", Footer, MaxShort);
        }

        CheckHeader();
        switch (Action)
        {
            case InteractiveAction.Buttons buttons:
                CheckButtons(buttons.Items);
                break;
            case InteractiveAction.Menu menu:
                ContentLimit.Require("list.button", menu.Opener, MaxButtonTitle);
                CheckSections(menu.Sections);
                break;
            case InteractiveAction.Link link:
                ContentLimit.Require("link.title", link.Title, MaxButtonTitle);
                ContentLimit.Link("link.url", link.Url, MaxUrl);
                break;
        }
    }

    private void CheckHeader()
    {
        switch (Header)
        {
            case InteractiveHeader.Text text:
                ContentLimit.Require("header.text", text.Words, MaxShort);
                break;
            case InteractiveHeader.File when Action is InteractiveAction.Menu:
                throw Fault.Invalid("header", "of a list can only be text.");
            case InteractiveHeader.File { MediaKind: not (MediaKind.Image or MediaKind.Video or MediaKind.Document) } file:
                throw Fault.Invalid("header", $"cannot be {MediaContent.Word(file.MediaKind)}; it can be text, image, video or document.");
            case InteractiveHeader.File file:
                ContentLimit.Optional("header.fileName", file.FileName, MediaContent.MaxFileName);
                break;
        }
    }

    private static void CheckButtons(IReadOnlyList<InteractiveAction.Button> buttons)
    {
        ContentLimit.Count("buttons", buttons, MaxButtons);
        for (var i = 0; i < buttons.Count; i++)
        {
            ContentLimit.Require($"buttons[{i}].id", buttons[i].Id, MaxButtonId);
            ContentLimit.Require($"buttons[{i}].title", buttons[i].Title, MaxButtonTitle);
        }

        ContentLimit.Distinct("buttons.id", buttons.Select(button => button.Id));
        ContentLimit.Distinct("buttons.title", buttons.Select(button => button.Title));
    }

    private static void CheckSections(IReadOnlyList<InteractiveAction.Section> sections)
    {
        ContentLimit.Count("list.sections", sections, MaxSections);
        for (var i = 0; i < sections.Count; i++)
        {
            var field = $"list.sections[{i}]";
            if (sections.Count > 1)
            {
                ContentLimit.Require($"{field}.title", sections[i].Title, MaxRowTitle);
            }

            ContentLimit.Optional($"{field}.title", sections[i].Title, MaxRowTitle);
            ContentLimit.Count($"{field}.rows", sections[i].Rows, MaxRows);
            for (var j = 0; j < sections[i].Rows.Count; j++)
            {
                var row = sections[i].Rows[j];
                ContentLimit.Require($"{field}.rows[{j}].id", row.Id, MaxRowId);
                ContentLimit.Require($"{field}.rows[{j}].title", row.Title, MaxRowTitle);
                ContentLimit.Optional($"{field}.rows[{j}].description", row.Description, MaxDescription);
            }
        }

        var rows = sections.SelectMany(section => section.Rows).ToList();
        if (rows.Count > MaxRows)
        {
            throw Fault.Invalid("list.sections", $"have {rows.Count} rows in all; the limit is {MaxRows}.");
        }

        ContentLimit.Distinct("list.sections.rows.id", rows.Select(row => row.Id));
    }

    private string? Choices() => Action switch
    {
        InteractiveAction.Buttons buttons => string.Join(' ', buttons.Items.Select(button => $"[{button.Title}]")),
        InteractiveAction.Menu menu => string.Join(' ', menu.Sections.SelectMany(section => section.Rows).Select(row => $"[{row.Title}]")),
        InteractiveAction.Link link => $"[{link.Title}] {link.Url}",
        _ => null,
    };
}
