using WaMcp.Sandbox.WhatsApp.Templates;

namespace WaMcp.Sandbox.WhatsApp.Accounts;

/// <summary>A WhatsApp Business Account (WABA) with its templates and, when an app has set one, its own webhook address.</summary>
internal sealed class BusinessAccount(string id, string name, TimeProvider clock)
{
    public string Id { get; } = id;

    public string Name { get; } = name;

    public TemplateBook Templates { get; } = new(clock);

    /// <summary>Numbers are only ever added, so readers need no lock.</summary>
    public IReadOnlyList<BusinessNumber> Numbers => numbers;

    public bool Subscribed { get; set; } = true;

    public Uri? CallbackOverride { get; set; }

    private volatile IReadOnlyList<BusinessNumber> numbers = [];

    public void Add(BusinessNumber number) => numbers = [.. numbers, number];
}
