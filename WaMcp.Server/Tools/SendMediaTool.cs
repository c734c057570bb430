using System.ComponentModel;
using WaMcp.Domain.Messages;
using WaMcp.Server.Mcp;

namespace WaMcp.Server.Tools;

/// <summary>Accepts a file for sending.</summary>
internal sealed class SendMediaTool() : SendTool<SendMediaTool.Input>(
    "send_media",
    "Send a file",
    "Sends an image, a video, audio, a document or a sticker, given as exactly one of url (https), data (base64), resource and mediaId. "
    + "The file is fetched, checked by its content and stored before this returns. On WhatsApp: image jpeg or png up to 5 MB; video mp4 or 3gp "
    + "up to 16 MB; audio aac, amr, mp3, m4a or ogg with opus up to 16 MB; document up to 100 MB; sticker webp up to 100 KB, 500 KB if it moves. "
    + "Free-form: it reaches only people who wrote within the last 24 hours.")
{
    internal sealed record Input : SendToInput
    {
        [Description("As what it is shown.")]
        public required MediaKind Type { get; init; }

        [Description("An https address that everybody on the internet can fetch; the file is fetched now, not linked.")]
        public string? Url { get; init; }

        [Description("The file itself as base64; at most 5 MB unless the operator set another limit.")]
        public string? Data { get; init; }

        [Description("The resource address of a file that is stored here (wamcp://media/med_…).")]
        public string? Resource { get; init; }

        [Description("The id of a file that is stored here (med_…), as an earlier send returned it or a message tells it.")]
        public string? MediaId { get; init; }

        [Description("Its MIME type; needed only where the content leaves it open, as for Office documents.")]
        public string? MimeType { get; init; }

        [Description("What a document is called; up to 240 characters.")]
        public string? FileName { get; init; }

        [Description("Words under an image, a video or a document; up to 1024 characters.")]
        public string? Caption { get; init; }

        [Description("True: audio is shown as a voice note; it must be ogg with opus.")]
        public bool Voice { get; init; }
    }

    protected override async Task<Draft> DraftAsync(ToolCall<Input> call, CancellationToken cancellationToken)
    {
        var input = call.Input;
        var recipient = RecipientArgument.Read("to", input.To);
        var content = new MediaContent(input.Type, default, input.Caption, input.FileName, input.Voice)
        {
            ReplyTo = await AnsweredAsync(call, input.ReplyTo, recipient, cancellationToken),
        };
        var file = new MediaInput(input.Url, input.Data, input.Resource, input.MediaId, input.MimeType);
        return new Draft(recipient, content, Files: [new FileArgument(null, file, input.Type, input.FileName, input.Voice)]);
    }
}
