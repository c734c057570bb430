using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Media;
using WaMcp.Sandbox.WhatsApp.Templates;

namespace WaMcp.Sandbox.WhatsApp.Graph;

/// <summary><c>/{id}</c> alone: in Graph every object has an id, and the id says what it is.</summary>
internal static class NodeEndpoints
{
    public static void MapNodes(this IEndpointRouteBuilder graph)
    {
        graph.MapGet("/{id}", Show);
        graph.MapDelete("/{id}", Remove);
    }

    private static Task Show(HttpContext context, BusinessAccounts accounts, MediaStore media, WhatsAppSecrets secrets, TimeProvider clock)
    {
        var call = GraphCall.Of(context);
        if (FindMedia(call, accounts, media) is { } file)
        {
            return MediaEndpoints.ShowAsync(call, file, secrets, clock);
        }

        var node = accounts.FindNumber(call.Id) is not null ? AccountNodes.Of(call.Number(accounts))
            : accounts.FindAccount(call.Id) is not null ? AccountNodes.Of(call.Account(accounts))
            : accounts.All.Where(account => call.Token!.MayUse(account.Id)).Select(account => account.Templates.FindById(call.Id))
                .FirstOrDefault(template => template is not null) is { } template ? TemplateEndpoints.Node(template)
            : throw GraphFault.NoSuchObject("get", call.Id);
        var asked = context.Request.Query.TryGetValue("fields", out var fields) ? fields.ToString() : null;
        return call.AnswerAsync(writer => node.Write(writer, asked));
    }

    private static Task Remove(HttpContext context, BusinessAccounts accounts, MediaStore media)
    {
        var call = GraphCall.Of(context);
        return FindMedia(call, accounts, media) is { } file
            ? MediaEndpoints.RemoveAsync(call, file, media)
            : throw GraphFault.NoSuchObject("delete", call.Id);
    }

    private static MediaObject? FindMedia(GraphCall call, BusinessAccounts accounts, MediaStore media) =>
        media.Find(call.Id) is { } file && accounts.FindNumber(file.PhoneNumberId) is { } number && call.Token!.MayUse(number.Account.Id)
            ? file
            : null;
}
