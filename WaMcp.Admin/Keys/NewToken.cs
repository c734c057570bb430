using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Access;

namespace WaMcp.Admin.Keys;

/// <summary>Shows a token, once: on standard error, while standard output has the key's id and prefix for piping.</summary>
internal static class NewToken
{
    public static async Task ShowAsync(Invocation run, ApiKey key, KeyToken token, CancellationToken cancellationToken)
    {
        var row = await KeyRows.OfAsync(run, key, cancellationToken);
        run.Report.Note("This is the only time this key is shown: hand it over safely and keep no copy.");
        run.Report.Note(token.Text);
        run.Report.Show(row, $"{key.Id} {key.Prefix}");
    }
}
