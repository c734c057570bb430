namespace WaMcp.Domain.Messages;

/// <summary>Holds parts of a message against limits; every refusal names the field and the limit.</summary>
internal static class ContentLimit
{
    /// <summary>There is a text, and it is not too long.</summary>
    public static void Require(string field, string? text, int most)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            throw Fault.Invalid(field, "must not be empty.");
        }

        Optional(field, text, most);
    }

    /// <summary>If there is a text, it is not too long.</summary>
    public static void Optional(string field, string? text, int most)
    {
        // Characters as people count them, not UTF-16 units; as Meta counts them.
        if (text is not null && text.Length > most && text.EnumerateRunes().Count() is var length && length > most)
        {
            throw Fault.Invalid(field, $"has {length} characters; the limit is {most}.");
        }

        if (text?.Contains('\0', StringComparison.Ordinal) == true)
        {
            throw Fault.Invalid(field, "holds a NUL character, which cannot be sent.");
        }
    }

    /// <summary>There are some, and not too many.</summary>
    public static void Count<T>(string field, IReadOnlyCollection<T> items, int most)
    {
        if (items.Count < 1 || items.Count > most)
        {
            throw Fault.Invalid(field, $"has {items.Count} entries; 1 to {most} are possible.");
        }
    }

    /// <summary>No two are the same.</summary>
    public static void Distinct(string field, IEnumerable<string> values)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        if (values.FirstOrDefault(value => !seen.Add(value)) is { } twice)
        {
            throw Fault.Invalid(field, $"must differ; '{twice}' is there twice.");
        }
    }

    /// <summary>A place on earth.</summary>
    public static void Degrees(string field, double value, int most)
    {
        if (!(Math.Abs(value) <= most))
        {
            throw Fault.Invalid(field, $"must be between -{most} and {most} degrees.");
        }
    }

    /// <summary>An address that a person can open.</summary>
    public static void Link(string field, string? url, int most)
    {
        Require(field, url, most);
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw Fault.Invalid(field, "must be an http or https address.");
        }
    }
}
