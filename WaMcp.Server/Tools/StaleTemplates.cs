using System.Globalization;
using WaMcp.Domain.Templates;

namespace WaMcp.Server.Tools;

/// <summary>Says so when templates are known from an old copy.</summary>
internal static class StaleTemplates
{
    public static string? Notice(TemplateShelf shelf) => shelf.IsFresh ? null : string.Create(
        CultureInfo.InvariantCulture, $"The provider cannot be asked just now; the templates are as of {shelf.FetchedAt:yyyy-MM-dd HH:mm}Z.");
}
