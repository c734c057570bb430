using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Primitives;
using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Graph;

namespace WaMcp.Sandbox.WhatsApp.Media;

/// <summary>Upload, look-up and download of media. GET and DELETE of the id itself come from <see cref="NodeEndpoints"/>.</summary>
internal static class MediaEndpoints
{
    public const string DownloadPath = "/whatsapp_business/attachments";

    private static readonly TimeSpan AddressLifetime = TimeSpan.FromMinutes(5);

    public static void MapMedia(this IEndpointRouteBuilder app, IEndpointRouteBuilder graph)
    {
        graph.MapPost("/{id}/media", UploadAsync).WithMetadata(new NumberEndpoint());
        app.MapGet(DownloadPath, Download);
    }

    public static Task ShowAsync(GraphCall call, MediaObject file, WhatsAppSecrets secrets, TimeProvider clock)
    {
        RequireNumber(call, file);
        var request = call.Http.Request;
        var until = (clock.GetUtcNow() + AddressLifetime).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var url = $"{request.Scheme}://{request.Host}{DownloadPath}/?mid={file.Id}&ext={until}&hash={Seal(file.Id, until, secrets)}";
        return call.AnswerAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("url", file.Order?.Url ?? url);
            writer.WriteString("mime_type", file.MimeType);
            writer.WriteString("sha256", Convert.ToHexStringLower(file.Sha256));
            writer.WriteString("file_size", (file.Order?.ToldBytes ?? file.Content.Length).ToString(CultureInfo.InvariantCulture));
            writer.WriteString("id", file.Id);
            writer.WriteString("messaging_product", "whatsapp");
            writer.WriteEndObject();
        });
    }

    public static Task RemoveAsync(GraphCall call, MediaObject file, MediaStore media)
    {
        RequireNumber(call, file);
        media.Remove(file);
        return call.AnswerSuccessAsync();
    }

    private static async Task UploadAsync(HttpContext context, BusinessAccounts accounts, MediaStore media, GraphJournal journal)
    {
        var call = GraphCall.Of(context);
        var number = call.Number(accounts);
        if (!context.Request.HasFormContentType)
        {
            throw new GraphFault(100, "An upload is multipart/form-data with messaging_product, type and file.");
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var file = form.Files.GetFile("file") ?? throw GraphFault.Required("file");
        var description = new { file = file.FileName, content_type = file.ContentType, bytes = file.Length };
        journal.Describe(call.Entry, JsonSerializer.SerializeToUtf8Bytes(description));
        if (form["messaging_product"] != "whatsapp")
        {
            throw GraphFault.Required("messaging_product");
        }

        var mimeType = MimeType(form["type"], file);
        var kind = MediaKind.Of(mimeType)
            ?? throw GraphFault.BadParameter(
                $"Param file must be a file with one of the following types: {MediaKind.AllMimeTypes}. Received file of type '{mimeType}'.");
        if (file.Length == 0 || file.Length > MediaKind.MostBytes(kind))
        {
            throw new GraphFault(131053, $"The file has {file.Length} bytes; {kind} takes 1 to {MediaKind.MostBytes(kind)}.");
        }

        using var content = new MemoryStream((int)file.Length);
        await file.CopyToAsync(content, context.RequestAborted);
        var kept = media.AddUpload(number.Id, mimeType, Path.GetFileName(file.FileName), content.ToArray());
        await call.AnswerAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("id", kept.Id);
            writer.WriteEndObject();
        });
    }

    /// <summary>Meta goes by the part's own content type; <c>type</c> helps where that says nothing.</summary>
    private static string MimeType(StringValues type, IFormFile file) =>
        MediaKind.Of(file.ContentType ?? "") is not null ? file.ContentType!
        : type.ToString() is { Length: > 0 } named && named.Contains('/', StringComparison.Ordinal) ? named
        : file.ContentType ?? "application/octet-stream";

    /// <summary>The address alone opens nothing: it needs the token as well, and after five minutes it is gone (404).</summary>
    private static Task Download(
        string? mid, string? ext, string? hash, HttpContext context, MediaStore media, BusinessAccounts accounts, WhatsAppSecrets secrets,
        TimeProvider clock)
    {
        var call = GraphCall.Of(context);
        var file = media.Find(mid);
        var lives = long.TryParse(ext, NumberStyles.None, CultureInfo.InvariantCulture, out var until)
            && until >= clock.GetUtcNow().ToUnixTimeSeconds()
            && hash == Seal(mid ?? "", ext, secrets);
        if (file is null || !lives || accounts.FindNumber(file.PhoneNumberId) is not { } number || !call.Token!.MayUse(number.Account.Id))
        {
            throw new GraphFault(100, "The address has expired or never was; ask GET /{media id} for a new one.") { HttpStatus = 404 };
        }

        call.Entry.Status = StatusCodes.Status200OK;
        call.Entry.PhoneNumberId = file.PhoneNumberId;
        context.Response.ContentType = file.MimeType;
        context.Response.ContentLength = file.Content.Length;
        return file.Order?.BytesPerSecond is { } pace
            ? TrickleAsync(context, file.Content, pace, clock)
            : context.Response.Body.WriteAsync(file.Content, context.RequestAborted).AsTask();
    }

    private static async Task TrickleAsync(HttpContext context, byte[] content, int pace, TimeProvider clock)
    {
        for (var at = 0; at < content.Length; at += pace)
        {
            await context.Response.Body.WriteAsync(content.AsMemory(at, Math.Min(pace, content.Length - at)), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(TimeSpan.FromSeconds(1), clock, context.RequestAborted);
        }
    }

    private static string Seal(string mid, string until, WhatsAppSecrets secrets) =>
        Convert.ToHexStringLower(secrets.Hash(System.Text.Encoding.UTF8.GetBytes($"{mid}.{until}"))[..16]);

    private static void RequireNumber(GraphCall call, MediaObject file)
    {
        if (call.Http.Request.Query.TryGetValue("phone_number_id", out var number) && number != file.PhoneNumberId)
        {
            throw GraphFault.NoSuchObject(call.Http.Request.Method, file.Id);
        }
    }
}
