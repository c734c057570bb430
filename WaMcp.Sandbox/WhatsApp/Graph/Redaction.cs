using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace WaMcp.Sandbox.WhatsApp.Graph;

/// <summary>Takes secrets out of what the journal keeps. Messages carry none and pass untouched.</summary>
internal static class Redaction
{
    private const string Gone = "[removed]";

    private static readonly HashSet<string> Secret = new(StringComparer.OrdinalIgnoreCase)
    {
        "access_token", "input_token", "client_secret", "appsecret_proof", "code", "fb_exchange_token", "verify_token", "pin",
    };

    public static string Path(HttpRequest request)
    {
        var path = request.Path.Value ?? "";
        if (!request.QueryString.HasValue)
        {
            return path;
        }

        var kept = request.Query.SelectMany(
            pair => pair.Value,
            (pair, value) => new KeyValuePair<string, string?>(pair.Key, Secret.Contains(pair.Key) ? Gone : value));
        return QueryHelpers.AddQueryString(path, kept);
    }

    public static ReadOnlyMemory<byte> Body(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonNode.Parse(body.Span) is { } node && Clean(node) ? JsonSerializer.SerializeToUtf8Bytes(node) : body;
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToUtf8Bytes($"{body.Length} bytes that are not JSON");
        }
    }

    private static bool Clean(JsonNode node)
    {
        var found = false;
        if (node is JsonObject fields)
        {
            foreach (var name in fields.Select(field => field.Key).ToList())
            {
                // language.code of a template is no secret; an authorization code is a string beside a client_secret.
                if (Secret.Contains(name) && (name != "code" || fields.ContainsKey("client_secret")))
                {
                    fields[name] = Gone;
                    found = true;
                }
                else if (fields[name] is { } inner)
                {
                    found |= Clean(inner);
                }
            }
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items)
            {
                found |= item is not null && Clean(item);
            }
        }

        return found;
    }
}
