using System.Text.Json;

namespace WaMcp.Server.Webhooks;

/// <summary>
/// Finds whose delivery a body says it is before anybody knows who wrote it: the phone number ids and accounts in it, as they come. Goes through the
/// bytes once, keeps nothing, and stops where they are no JSON.
/// </summary>
/// <param name="body">The bytes.</param>
internal ref struct NamedIds(ReadOnlySpan<byte> body)
{
    // entry[].id: in the document, in the list, in the entry.
    private const int DepthOfAccount = 3;

    // Meta's ids have about 16 digits.
    private const int LongestId = 64;

    private Utf8JsonReader reader = new(body, new JsonReaderOptions { MaxDepth = 64 });

    /// <summary>The next one; null when there are no more.</summary>
    public string? Next()
    {
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && IsId(reader) && reader.Read()
                    && reader is { TokenType: JsonTokenType.String, ValueIsEscaped: false, ValueSpan.Length: > 0 and <= LongestId })
                {
                    return System.Text.Encoding.ASCII.GetString(reader.ValueSpan);
                }
            }
        }
        catch (JsonException)
        {
            // Its beginning may have named somebody.
        }

        return null;
    }

    private static bool IsId(in Utf8JsonReader reader) =>
        reader.ValueTextEquals("phone_number_id"u8) || (reader.CurrentDepth == DepthOfAccount && reader.ValueTextEquals("id"u8));
}
