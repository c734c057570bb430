using System.Text;
using System.Text.Json;

namespace WaMcp.Sandbox.WhatsApp.Graph;

/// <summary>Reads request JSON with Meta's refusals: absent is 131008, of the wrong kind or size is 131009.</summary>
internal static class JsonRead
{
    public static JsonElement? Find(this JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    /// <summary>The text of a string or number; null when absent. Meta takes ids and phone numbers as either.</summary>
    public static string? FindText(this JsonElement parent, string name) => parent.Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { ValueKind: JsonValueKind.Number } value => value.GetRawText(),
        _ => throw GraphFault.Invalid($"'{name}' must be a string."),
    };

    public static JsonElement Object(this JsonElement parent, string name, string path)
    {
        var value = parent.Find(name) ?? throw GraphFault.Missing($"Parameter '{path}' is mandatory.");
        return value.ValueKind == JsonValueKind.Object ? value : throw GraphFault.Invalid($"'{path}' must be an object.");
    }

    public static JsonElement Array(this JsonElement parent, string name, string path, int least, int most)
    {
        var value = parent.Find(name) ?? throw GraphFault.Missing($"Parameter '{path}' is mandatory.");
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw GraphFault.Invalid($"'{path}' must be an array.");
        }

        var length = value.GetArrayLength();
        return length >= least && length <= most
            ? value
            : throw GraphFault.Invalid($"'{path}' has {length} elements. Min: {least}, Max: {most}.");
    }

    /// <summary>The elements of an array; none when it is absent or something else.</summary>
    public static JsonElement[] Items(this JsonElement parent, string name) =>
        parent.Find(name) is { ValueKind: JsonValueKind.Array } items ? [.. items.EnumerateArray()] : [];

    public static string Text(this JsonElement parent, string name, string path, int most)
    {
        var text = parent.FindText(name);
        if (string.IsNullOrEmpty(text))
        {
            throw GraphFault.Missing($"Parameter '{path}' is mandatory.");
        }

        return Fits(text, most) ? text : throw GraphFault.Invalid($"'{path}' length invalid. Min length: 1, Max length: {most}.");
    }

    public static string? OptionalText(this JsonElement parent, string name, string path, int most)
    {
        var text = parent.FindText(name);
        return text is null || Fits(text, most)
            ? text
            : throw GraphFault.Invalid($"'{path}' length invalid. Max length: {most}.");
    }

    /// <summary>Characters as people count them, not UTF-16 units.</summary>
    public static bool Fits(string text, int most) => text.Length <= most || text.EnumerateRunes().Count() <= most;

    public static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
        }
        catch (JsonException)
        {
            // Told below, without the parser's words: they may quote the body.
        }

        throw new GraphFault(100, "The request body is not a JSON object.") { Sentence = "(#100) Invalid JSON in request body" };
    }

    public static ReadOnlyMemory<byte> Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
