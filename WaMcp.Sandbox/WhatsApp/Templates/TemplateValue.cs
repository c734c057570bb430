namespace WaMcp.Sandbox.WhatsApp.Templates;

/// <summary>What a placeholder becomes; the name is only there in templates with named parameters.</summary>
internal sealed record TemplateValue(string? Name, string Text);
