using System.ComponentModel;

namespace WaMcp.Domain.Messages;

/// <summary>A business card, as it is sent.</summary>
[Description("One person or firm.")]
public sealed record ContactCard
{
    /// <summary>Characters of any text on a card.</summary>
    public const int MaxText = 1000;

    private const int MaxEntries = 20; // of each list; Meta names no number

    /// <summary>The whole name as it is shown.</summary>
    [Description("The whole name, as it is to be shown.")]
    public required string Name { get; init; }

    /// <summary>First name.</summary>
    [Description("First name.")]
    public string? FirstName { get; init; }

    /// <summary>Last name.</summary>
    [Description("Last name.")]
    public string? LastName { get; init; }

    /// <summary>The firm.</summary>
    [Description("The firm.")]
    public string? Company { get; init; }

    /// <summary>What the person is there.</summary>
    [Description("What the person is there.")]
    public string? JobTitle { get; init; }

    /// <summary>Phone numbers, as they are to be shown.</summary>
    [Description("Phone numbers, in international form.")]
    public IReadOnlyList<string> Phones { get; init; } = [];

    /// <summary>E-mail addresses.</summary>
    [Description("E-mail addresses.")]
    public IReadOnlyList<string> Emails { get; init; } = [];

    /// <summary>Web addresses.</summary>
    [Description("Web addresses.")]
    public IReadOnlyList<string> Urls { get; init; } = [];

    internal void Check(string field)
    {
        ContentLimit.Require($"{field}.name", Name, MaxText);
        ContentLimit.Optional($"{field}.firstName", FirstName, MaxText);
        ContentLimit.Optional($"{field}.lastName", LastName, MaxText);
        ContentLimit.Optional($"{field}.company", Company, MaxText);
        ContentLimit.Optional($"{field}.jobTitle", JobTitle, MaxText);
        foreach (var (list, name) in new[] { (Phones, "phones"), (Emails, "emails"), (Urls, "urls") })
        {
            if (list.Count > MaxEntries)
            {
                throw Fault.Invalid($"{field}.{name}", $"has {list.Count} entries; the limit is {MaxEntries}.");
            }

            for (var i = 0; i < list.Count; i++)
            {
                ContentLimit.Require($"{field}.{name}[{i}]", list[i], MaxText);
            }
        }

        if (Phones.Count + Emails.Count + Urls.Count == 0)
        {
            throw Fault.Invalid($"{field}.phones", "a card needs at least one phone number, e-mail or web address.");
        }
    }
}
