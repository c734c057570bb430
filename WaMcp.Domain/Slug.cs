using System.Text.RegularExpressions;

namespace WaMcp.Domain;

/// <summary>Kebab-case names that operators give to clients and channels.</summary>
public static partial class Slug
{
    /// <summary>Returns the text when it is kebab-case of 2 to 63 characters.</summary>
    /// <exception cref="Fault">It is not.</exception>
    public static string Require(string field, string? text) =>
        text is not null && Pattern().IsMatch(text)
            ? text
            : throw Fault.Invalid(field, $"'{text}' is not a kebab-case name.", "Use 2 to 63 of a-z, 0-9 and single dashes, for example acme-corp.");

    [GeneratedRegex("^(?=.{2,63}\\z)[a-z0-9]+(-[a-z0-9]+)*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
