using System.Text.Json;

namespace WaMcp.Sandbox.WhatsApp.Graph;

/// <summary>Writes a refusal the two ways Meta tells it: as the HTTP answer and inside a status webhook.</summary>
internal static class GraphErrorBody
{
    private const string Reference =
        "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes";

    public static void WriteAnswer(Utf8JsonWriter writer, GraphFault fault, string trace)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("error");
        writer.WriteString("message", fault.Sentence ?? $"(#{fault.Code}) {GraphErrors.Of(fault.Code).Title}");
        writer.WriteString("type", fault.Type);
        writer.WriteNumber("code", fault.Code);
        if (fault.Subcode is { } subcode)
        {
            writer.WriteNumber("error_subcode", subcode);
        }

        if (fault.FromWhatsApp)
        {
            writer.WriteStartObject("error_data");
            writer.WriteString("messaging_product", "whatsapp");
            writer.WriteString("details", fault.Details);
            writer.WriteEndObject();
        }

        writer.WriteString("fbtrace_id", trace);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>One element of <c>statuses[].errors</c> or <c>messages[].errors</c>.</summary>
    public static void WriteWebhook(Utf8JsonWriter writer, int code, string? details)
    {
        var error = GraphErrors.Of(code);
        writer.WriteStartObject();
        writer.WriteNumber("code", code);
        writer.WriteString("title", error.Title);
        writer.WriteString("message", error.Title);
        writer.WriteStartObject("error_data");
        writer.WriteString("details", details ?? error.Details);
        writer.WriteEndObject();
        writer.WriteString("href", Reference);
        writer.WriteEndObject();
    }
}
