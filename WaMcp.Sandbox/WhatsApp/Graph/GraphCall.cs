using System.Buffers;
using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Accounts;

namespace WaMcp.Sandbox.WhatsApp.Graph;

/// <summary>One Graph request while it is being answered.</summary>
internal sealed class GraphCall(HttpContext http, JournalEntry entry, ReadOnlyMemory<byte> body) : IDisposable
{
    private JsonDocument? json;

    public HttpContext Http { get; } = http;

    public JournalEntry Entry { get; } = entry;

    /// <summary>Empty for multipart; the media endpoint reads that itself.</summary>
    public ReadOnlyMemory<byte> Body { get; } = body;

    public AccessToken? Token { get; set; }

    /// <summary>The first path segment after the version.</summary>
    public string Id => (string?)Http.Request.RouteValues["id"] ?? "";

    /// <exception cref="GraphFault">The body is not a JSON object.</exception>
    public JsonElement Json => (json ??= JsonRead.Parse(Body)).RootElement;

    public static GraphCall Of(HttpContext http) => http.Features.Get<GraphCall>()
        ?? throw new InvalidOperationException("A Graph endpoint was reached past the GraphPipeline.");

    /// <summary>The number of the path, if this token may see it.</summary>
    public BusinessNumber Number(BusinessAccounts accounts) =>
        accounts.FindNumber(Id) is { } number && Token!.MayUse(number.Account.Id)
            ? number
            : throw GraphFault.NoSuchObject(Http.Request.Method, Id);

    public BusinessAccount Account(BusinessAccounts accounts) =>
        accounts.FindAccount(Id) is { } account && Token!.MayUse(account.Id)
            ? account
            : throw GraphFault.NoSuchObject(Http.Request.Method, Id);

    /// <summary>
    /// A parameter from the query, a form or the JSON body, as Graph takes them. The hot path reads <see cref="Json"/> instead.
    /// </summary>
    public async ValueTask<string?> ParameterAsync(string name)
    {
        if (Http.Request.Query.TryGetValue(name, out var fromQuery))
        {
            return fromQuery.ToString();
        }

        if (Http.Request.HasFormContentType)
        {
            var form = await Http.Request.ReadFormAsync(Http.RequestAborted);
            return form.TryGetValue(name, out var fromForm) ? fromForm.ToString() : null;
        }

        return Body.IsEmpty ? null : Json.FindText(name);
    }

    /// <summary>Writes the whole answer before any of it is sent, so that a <see cref="GraphFault"/> on the way is still one.</summary>
    public Task AnswerAsync(Action<Utf8JsonWriter> write, int status = StatusCodes.Status200OK)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            write(writer);
        }

        Entry.Status = status; // before the first byte: whoever has the answer finds it in the journal
        Http.Response.StatusCode = status;
        Http.Response.ContentType = "application/json; charset=UTF-8";
        Http.Response.ContentLength = buffer.WrittenCount;
        return Http.Response.Body.WriteAsync(buffer.WrittenMemory, Http.RequestAborted).AsTask();
    }

    public Task AnswerSuccessAsync() => AnswerAsync(writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("success", true);
        writer.WriteEndObject();
    });

    public void Dispose() => json?.Dispose();
}
