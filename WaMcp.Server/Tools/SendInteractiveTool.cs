using System.ComponentModel;
using WaMcp.Domain;
using WaMcp.Domain.Messages;
using WaMcp.Server.Mcp;

namespace WaMcp.Server.Tools;

/// <summary>Accepts a message with something to tap.</summary>
internal sealed class SendInteractiveTool() : SendTool<SendInteractiveTool.Input>(
    "send_interactive",
    "Send buttons, a list or a link",
    "Sends a text with exactly one of: up to 3 reply buttons, a list to choose from, a button that opens a web page, or a request for the "
    + "person's phone number. What they tap comes back as a message of theirs, with the id that you gave. "
    + "On WhatsApp, it reaches only people who wrote within the last 24 hours.")
{
    internal sealed record Input : SendToInput
    {
        [Description("What to say; up to 1024 characters, 4096 with a list.")]
        public required string Text { get; init; }

        [Description("Reply buttons, 1 to 3.")]
        public IReadOnlyList<ButtonInput>? Buttons { get; init; }

        [Description("A list behind one button.")]
        public ListInput? List { get; init; }

        [Description("A button that opens a web page.")]
        public LinkInput? Link { get; init; }

        [Description("True: asks the person to share their phone number.")]
        public bool RequestContactInfo { get; init; }

        [Description("What stands above the text; with a list only text.")]
        public HeaderInput? Header { get; init; }

        [Description("Small print below; up to 60 characters.")]
        public string? Footer { get; init; }
    }

    internal sealed record ButtonInput(
        [property: Description("What comes back when it is tapped; up to 256 characters, not shown.")] string Id,
        [property: Description("What it says; up to 20 characters.")] string Title);

    internal sealed record ListInput(
        [property: Description("What the button says that opens the list; up to 20 characters.")] string Button,
        [property: Description("The parts of the list, 1 to 10, with 10 rows in all.")] IReadOnlyList<SectionInput> Sections);

    internal sealed record SectionInput(
        [property: Description("What can be chosen, 1 to 10.")] IReadOnlyList<RowInput> Rows,
        [property: Description("What stands above; up to 24 characters, needed when there are several sections.")] string? Title = null);

    internal sealed record RowInput(
        [property: Description("What comes back when it is chosen; up to 200 characters, not shown.")] string Id,
        [property: Description("What it says; up to 24 characters.")] string Title,
        [property: Description("A line below; up to 72 characters.")] string? Description = null);

    internal sealed record LinkInput(
        [property: Description("What the button says; up to 20 characters.")] string Title,
        [property: Description("The http or https address; up to 2000 characters.")] string Url);

    internal sealed record HeaderInput(
        [property: Description("Words; up to 60 characters.")] string? Text = null,
        [property: Description("A picture instead of words.")] MediaInput? Image = null,
        [property: Description("A video instead of words.")] MediaInput? Video = null,
        [property: Description("A document instead of words.")] MediaInput? Document = null,
        [property: Description("What the document is called.")] string? FileName = null);

    protected override async Task<Draft> DraftAsync(ToolCall<Input> call, CancellationToken cancellationToken)
    {
        var input = call.Input;
        var recipient = RecipientArgument.Read("to", input.To);
        var (header, file) = Header(input.Header);
        var content = new InteractiveContent(input.Text, Action(input), header, input.Footer)
        {
            ReplyTo = await AnsweredAsync(call, input.ReplyTo, recipient, cancellationToken),
        };
        return new Draft(recipient, content, Files: file is null ? null : [file]);
    }

    private static InteractiveAction Action(Input input)
    {
        InteractiveAction?[] given =
        [
            input.Buttons is { } buttons
                ? new InteractiveAction.Buttons([.. buttons.Select(button => new InteractiveAction.Button(button.Id, button.Title))]) : null,
            input.List is { } list ? new InteractiveAction.Menu(list.Button, [.. list.Sections.Select(Section)]) : null,
            input.Link is { } link ? new InteractiveAction.Link(link.Title, link.Url) : null,
            input.RequestContactInfo ? new InteractiveAction.ContactRequest() : null,
        ];
        return given.OfType<InteractiveAction>().ToList() is [var only]
            ? only
            : throw Fault.Invalid("buttons", "give exactly one of buttons, list, link and requestContactInfo.");
    }

    private static InteractiveAction.Section Section(SectionInput section) =>
        new(section.Title, [.. section.Rows.Select(row => new InteractiveAction.Row(row.Id, row.Title, row.Description))]);

    private static (InteractiveHeader? Header, FileArgument? File) Header(HeaderInput? header)
    {
        if (header is null)
        {
            return (null, null);
        }

        var file = FileArgument.OfHeader(header.Image, header.Video, header.Document, header.FileName);
        return (header.Text, file) switch
        {
            ({ } text, null) => (new InteractiveHeader.Text(text), null),
            (null, { } given) => (new InteractiveHeader.File(given.Kind, default, given.FileName), given),
            _ => throw Fault.Invalid("header", "give exactly one of text, image, video and document."),
        };
    }
}
