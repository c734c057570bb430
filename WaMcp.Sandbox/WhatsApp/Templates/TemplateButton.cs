namespace WaMcp.Sandbox.WhatsApp.Templates;

/// <summary>A button of a template: QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, OTP, FLOW and whatever Meta adds.</summary>
internal sealed record TemplateButton(string Type, string Text, string? Url, string? PhoneNumber)
{
    /// <summary>A send must carry a value for this button: a URL with a variable, and the code of an authentication template.</summary>
    public bool NeedsParameter =>
        Type is "OTP" or "COPY_CODE" || (Type == "URL" && Url?.Contains("{{", StringComparison.Ordinal) == true);
}
