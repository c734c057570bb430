using System.ComponentModel;
using WaMcp.Domain.Messages;
using WaMcp.Server.Mcp;

namespace WaMcp.Server.Tools;

/// <summary>Accepts a place for sending.</summary>
internal sealed class SendLocationTool() : SendTool<SendLocationTool.Input>(
    "send_location",
    "Send a location",
    "Sends a place, shown as a map, to one person. On WhatsApp, it reaches only people who wrote within the last 24 hours.")
{
    internal sealed record Input : SendToInput
    {
        [Description("Degrees north, -90 to 90.")]
        public required double Latitude { get; init; }

        [Description("Degrees east, -180 to 180.")]
        public required double Longitude { get; init; }

        [Description("What the place is called; up to 1000 characters.")]
        public string? Name { get; init; }

        [Description("Its address; up to 1000 characters.")]
        public string? Address { get; init; }
    }

    protected override async Task<Draft> DraftAsync(ToolCall<Input> call, CancellationToken cancellationToken)
    {
        var input = call.Input;
        var recipient = RecipientArgument.Read("to", input.To);
        return new Draft(recipient, new LocationContent(input.Latitude, input.Longitude, input.Name, input.Address)
        {
            ReplyTo = await AnsweredAsync(call, input.ReplyTo, recipient, cancellationToken),
        });
    }
}
