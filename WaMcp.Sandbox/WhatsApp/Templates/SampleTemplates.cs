using System.Text.Json;

namespace WaMcp.Sandbox.WhatsApp.Templates;

/// <summary>The approved templates that every account starts with.</summary>
internal static class SampleTemplates
{
    public static IEnumerable<Template> All(Func<string> nextId)
    {
        yield return Sample(nextId(), "hello_world", "en_US", "UTILITY", """
            [
              { "type": "HEADER", "format": "TEXT", "text": "Hello World" },
              { "type": "BODY", "text": "Welcome! This message shows that your business can send WhatsApp messages through the Cloud API." },
              { "type": "FOOTER", "text": "WhatsApp Business Platform sample message" }
            ]
            """);
        yield return Sample(nextId(), "order_update", "en_US", "UTILITY", """
            [
              { "type": "BODY", "text": "Hi {{1}}, your order {{2}} is {{3}}.",
                "example": { "body_text": [["Ada", "A-1001", "on its way"]] } },
              { "type": "BUTTONS", "buttons": [
                { "type": "QUICK_REPLY", "text": "Where is it?" },
                { "type": "QUICK_REPLY", "text": "Stop updates" } ] }
            ]
            """);
        yield return Sample(nextId(), "order_update", "de", "UTILITY", """
            [
              { "type": "BODY", "text": "Hallo {{1}}, deine Bestellung {{2}} ist {{3}}.",
                "example": { "body_text": [["Ada", "A-1001", "unterwegs"]] } },
              { "type": "BUTTONS", "buttons": [
                { "type": "QUICK_REPLY", "text": "Wo ist sie?" },
                { "type": "QUICK_REPLY", "text": "Keine Updates mehr" } ] }
            ]
            """);
        yield return Sample(nextId(), "login_code", "en_US", "AUTHENTICATION", """
            [
              { "type": "BODY", "add_security_recommendation": true,
                "text": "{{1}} is your verification code. For your security, do not share this code." },
              { "type": "FOOTER", "code_expiration_minutes": 10 },
              { "type": "BUTTONS", "buttons": [ { "type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code" } ] }
            ]
            """);
        yield return Sample(nextId(), "autumn_sale", "en_US", "MARKETING", """
            [
              { "type": "HEADER", "format": "IMAGE" },
              { "type": "BODY", "text": "{{1}}, our autumn sale is on: {{2}} off everything until Sunday.",
                "example": { "body_text": [["Ada", "25%"]] } },
              { "type": "FOOTER", "text": "Tap Stop promotions to opt out" },
              { "type": "BUTTONS", "buttons": [
                { "type": "URL", "text": "Visit the shop", "url": "https://shop.example/{{1}}", "example": ["https://shop.example/autumn"] },
                { "type": "QUICK_REPLY", "text": "Stop promotions" } ] }
            ]
            """);
        yield return Sample(nextId(), "appointment_reminder", "en_US", "UTILITY", """
            [
              { "type": "HEADER", "format": "TEXT", "text": "Reminder for {{customer_name}}" },
              { "type": "BODY", "text": "Your appointment is on {{day}} at {{time}}." }
            ]
            """, "NAMED");
    }

    private static Template Sample(
        string id, string name, string language, string category, string components, string format = "POSITIONAL")
    {
        using var parsed = JsonDocument.Parse(components);
        return new Template(id, name, language, category, format, parsed.RootElement);
    }
}
