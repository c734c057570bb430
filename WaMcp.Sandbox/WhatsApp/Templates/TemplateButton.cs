namespace WaMcp.Sandbox.WhatsApp.Templates;

/// <summary>A button of a template: QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, OTP, FLOW and whatever Meta adds.</summary>
internal sealed record TemplateButton(string Type, string Text, string? Url, string? PhoneNumber)
{
    /// <summary>A send must carry a parameter for this button.</summary>
    public bool NeedsParameter =>
        Type is "OTP" or "COPY_CODE" or "MPM" or "ORDER_DETAILS" || (Type == "URL" && Url?.Contains("{{", StringComparison.Ordinal) == true);

    /// <summary>The sub_type that a send calls it by: the code of an authentication template goes into an address.</summary>
    public string SubType => Type == "OTP" ? "url" : Type.ToLowerInvariant();
}
