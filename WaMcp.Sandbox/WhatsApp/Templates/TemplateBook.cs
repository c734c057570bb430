using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace WaMcp.Sandbox.WhatsApp.Templates;

/// <summary>The templates of one account, by name and language. Read on every template send, written rarely: an immutable snapshot.</summary>
internal sealed class TemplateBook
{
    private readonly Lock gate = new();
    private volatile ImmutableDictionary<(string Name, string Language), Template> templates;
    private long lastId;

    public TemplateBook(TimeProvider clock)
    {
        lastId = clock.GetUtcNow().ToUnixTimeMilliseconds() * 1_000;
        templates = SampleTemplates.All(NextId).ToImmutableDictionary(template => (template.Name, template.Language), template => template);
    }

    public IEnumerable<Template> All => templates.Values.OrderBy(template => template.Id, StringComparer.Ordinal);

    public Template? Find(string name, string language) => templates.GetValueOrDefault((name, language));

    public Template? FindById(string id) => templates.Values.FirstOrDefault(template => template.Id == id);

    public bool HasName(string name) => templates.Values.Any(template => template.Name == name);

    /// <summary>Adds a language of a template; null when it is already there.</summary>
    public Template? Add(string name, string language, string category, string parameterFormat, JsonElement components)
    {
        lock (gate)
        {
            if (templates.ContainsKey((name, language)))
            {
                return null;
            }

            var template = new Template(NextId(), name, language, category, parameterFormat, components) { Status = "PENDING" };
            templates = templates.Add((name, language), template);
            return template;
        }
    }

    public int Remove(Func<Template, bool> which)
    {
        lock (gate)
        {
            var gone = templates.Values.Where(which).Select(template => (template.Name, template.Language)).ToList();
            templates = templates.RemoveRange(gone);
            return gone.Count;
        }
    }

    private string NextId() => Interlocked.Increment(ref lastId).ToString(CultureInfo.InvariantCulture);
}
