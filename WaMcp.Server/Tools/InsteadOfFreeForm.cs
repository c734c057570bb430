using WaMcp.Domain;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Templates;

namespace WaMcp.Server.Tools;

/// <summary>What can be sent to somebody whose window is closed.</summary>
internal static class InsteadOfFreeForm
{
    private const int MostNames = 5;

    public static async Task<string> SentenceAsync(IServiceProvider services, ChannelId channel, CancellationToken cancellationToken)
    {
        try
        {
            var shelf = await services.GetRequiredService<FetchTemplates>().ExecuteAsync(channel, cancellationToken);
            var names = shelf.Approved.Take(MostNames).ToList();
            return names.Count == 0
                ? "Only an approved template reaches them until they write again, and this channel has none: ask the operator for one."
                : $"Send a template with send_template until they write again. Approved here: {string.Join(", ", names)}. list_templates shows what each needs.";
        }
        catch (Fault)
        {
            return "Only an approved template reaches them until they write again. Which there are cannot be looked up just now; try list_templates in a moment.";
        }
    }
}
