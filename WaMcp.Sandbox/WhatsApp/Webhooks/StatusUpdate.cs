using System.Globalization;
using System.Text.Json;
using WaMcp.Sandbox.Phone;
using WaMcp.Sandbox.WhatsApp.Chats;
using WaMcp.Sandbox.WhatsApp.Graph;

namespace WaMcp.Sandbox.WhatsApp.Webhooks;

/// <summary>One status of one message that the business sent.</summary>
internal sealed class StatusUpdate(ChatMessage message, string status, DateTimeOffset at, PhoneFeed phone)
    : WebhookUpdate(message.Chat.Number.Account, message.Chat.Number, message.Chat.Customer)
{
    public override UpdateKind Kind => UpdateKind.Statuses;

    public override bool ShowsContact => status != "failed";

    public bool Echoes { get; init; } = true;

    public int ErrorCode { get; init; }

    public string? ErrorDetails { get; init; }

    public override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("id", message.Id);
        writer.WriteString("status", status);
        writer.WriteString("timestamp", at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        if (!HidesNumber && message.Chat.Customer.WaId is { } waId)
        {
            writer.WriteString("recipient_id", waId);
        }

        writer.WriteString("recipient_user_id", message.Chat.Customer.UserId);
        if (Echoes && message.CallbackData is { } data)
        {
            writer.WriteString("biz_opaque_callback_data", data);
        }

        if (status == "failed")
        {
            writer.WriteStartArray("errors");
            GraphErrorBody.WriteWebhook(writer, ErrorCode, ErrorDetails);
            writer.WriteEndArray();
        }
        else
        {
            WritePricing(writer);
        }

        writer.WriteEndObject();
    }

    public override void Leaves()
    {
        if (status == "failed")
        {
            message.Failure = $"{ErrorCode} {ErrorDetails ?? GraphErrors.Of(ErrorCode).Title}";
        }

        if (message.Advance(Rank(status)))
        {
            phone.Show(message);
        }
    }

    private static Progress Rank(string status) => status switch
    {
        "sent" => Progress.Sent,
        "delivered" => Progress.Delivered,
        "read" => Progress.Read,
        "played" => Progress.Played,
        "failed" => Progress.Failed,
        _ => Progress.Waiting,
    };

    /// <summary>Per-message pricing; since October 2026 service messages are billable too.</summary>
    private void WritePricing(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("pricing");
        writer.WriteBoolean("billable", true);
        writer.WriteString("pricing_model", "PMP");
        writer.WriteString("type", "regular");
        writer.WriteString("category", message.Category);
        writer.WriteEndObject();
    }
}
