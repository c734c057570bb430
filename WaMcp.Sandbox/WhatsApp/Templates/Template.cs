using System.Text.Json;

namespace WaMcp.Sandbox.WhatsApp.Templates;

/// <summary>One language of one template. <see cref="Components"/> is what the business wrote; <see cref="Layout"/> is read from it once.</summary>
internal sealed class Template
{
    public Template(string id, string name, string language, string category, string parameterFormat, JsonElement components)
    {
        Id = id;
        Name = name;
        Language = language;
        Category = category;
        ParameterFormat = parameterFormat;
        Components = components.Clone();
        Layout = new TemplateLayout(Components.EnumerateArray(), category, parameterFormat == "NAMED");
    }

    public string Id { get; }

    public string Name { get; }

    public string Language { get; }

    /// <summary>MARKETING, UTILITY or AUTHENTICATION.</summary>
    public string Category { get; }

    /// <summary>POSITIONAL ({{1}}) or NAMED ({{first_name}}).</summary>
    public string ParameterFormat { get; }

    public JsonElement Components { get; }

    public TemplateLayout Layout { get; }

    /// <summary>PENDING, APPROVED, REJECTED, PAUSED or DISABLED.</summary>
    public string Status { get; set; } = "APPROVED";
}
