using WaMcp.Sandbox.WhatsApp.Graph;

namespace WaMcp.Sandbox.WhatsApp.Accounts;

/// <summary>Accounts and numbers as Graph shows them.</summary>
internal static class AccountNodes
{
    public static GraphNode Of(BusinessNumber number) => new(
        "WhatsAppBusinessPhoneNumber",
        number.Id,
        new Dictionary<string, object?>
        {
            ["id"] = number.Id,
            ["display_phone_number"] = number.DisplayNumber,
            ["verified_name"] = number.VerifiedName,
            ["quality_rating"] = "GREEN",
            ["code_verification_status"] = "VERIFIED",
            ["name_status"] = "APPROVED",
            ["status"] = "CONNECTED",
            ["platform_type"] = "CLOUD_API",
            ["throughput"] = new { level = "STANDARD" },
            ["account_mode"] = "LIVE",
            ["is_official_business_account"] = false,
            ["is_pin_enabled"] = number.Pin is not null,
            ["messaging_limit_tier"] = "TIER_250",
            ["whatsapp_business_manager_messaging_limit"] = "TIER_250",
            ["webhook_configuration"] = Configuration(number),
        },
        ["verified_name", "code_verification_status", "display_phone_number", "quality_rating", "platform_type", "throughput"]);

    /// <summary>The same number in the list of its account; Meta's contract has a status of its own there.</summary>
    public static GraphNode InList(BusinessNumber number) => new(
        "WhatsAppBusinessAccountPhoneNumber",
        number.Id,
        new Dictionary<string, object?>
        {
            ["id"] = number.Id,
            ["display_phone_number"] = number.DisplayNumber,
            ["verified_name"] = number.VerifiedName,
            ["status"] = "LINKED",
            ["quality_rating"] = "GREEN",
            ["country_code"] = "US",
            ["country_dial_code"] = "1",
            ["code_verification_status"] = "VERIFIED",
            ["unified_cert_status"] = "APPROVED",
            ["account_mode"] = "LIVE",
            ["host_platform"] = "CLOUD_API",
            ["platform_type"] = "CLOUD_API",
            ["throughput"] = new { level = "STANDARD" },
            ["messaging_limit_tier"] = "TIER_250",
            ["is_official_business_account"] = false,
            ["webhook_configuration"] = Configuration(number),
        },
        ["verified_name", "display_phone_number", "status", "quality_rating", "code_verification_status", "messaging_limit_tier"]);

    public static GraphNode Of(BusinessAccount account) => new(
        "WhatsAppBusinessAccount",
        account.Id,
        new Dictionary<string, object?>
        {
            ["id"] = account.Id,
            ["name"] = account.Name,
            ["timezone_id"] = "1",
            ["message_template_namespace"] = "ba30dd89_2ebd_41e4_b805_f2c05ae04cc9",
            ["account_review_status"] = "APPROVED",
            ["business_verification_status"] = "VERIFIED",
            ["country"] = "US",
            ["ownership_type"] = "SELF_OWNED",
            ["primary_business_location"] = "US",
            ["currency"] = "USD",
        },
        ["name", "timezone_id", "message_template_namespace"]);

    private static Dictionary<string, string>? Configuration(BusinessNumber number)
    {
        var addresses = new Dictionary<string, string>();
        if (number.CallbackOverride is { } own)
        {
            addresses["phone_number"] = own.ToString();
        }

        if (number.Account.CallbackOverride is { } accounts)
        {
            addresses["whatsapp_business_account"] = accounts.ToString();
        }

        return addresses.Count > 0 ? addresses : null;
    }
}
