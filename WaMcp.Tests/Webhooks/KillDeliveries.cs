using System.Globalization;
using System.Text;
using WaMcp.Tests.Drivers;

namespace WaMcp.Tests.Webhooks;

/// <summary>What people write, as numbered deliveries. From a number follow the exact bytes, so none of them need be kept to be held against what is stored.</summary>
internal static class KillDeliveries
{
    private const string IdPrefix = "wamid.K";
    private const int People = 500;

    // The rest is for a number of ours that nobody is granted.
    private const int GrantedEach = 50;
    private const int BatchEach = 10;
    private const int LargestBatch = 5;

    /// <summary>Whether it goes to clients.</summary>
    public static bool IsGranted(int number) => number % GrantedEach == 0;

    /// <summary>The provider's ids of its messages: one, or a few in a batch.</summary>
    public static IEnumerable<string> Ids(int number) =>
        Enumerable.Range(0, number % BatchEach == 0 ? 1 + (number / BatchEach % LargestBatch) : 1).Select(part => $"{IdPrefix}{number}.{part}");

    /// <summary>The delivery, byte for byte.</summary>
    public static byte[] Body(int number)
    {
        var to = IsGranted(number) ? ConsoleDriver.SupportNumber : ConsoleDriver.SalesNumber;
        var messages = Ids(number).Select((id, part) => string.Create(
            CultureInfo.InvariantCulture,
            $$$"""{"from":"{{{15_550_000_000 + (((number * 7) + part) % People)}}}","id":"{{{id}}}","timestamp":"{{{1_790_000_000 + number}}}","type":"text","text":{"body":"kill {{{number}}}"}}"""));
        return Encoding.UTF8.GetBytes(
            $$$"""
            {"object":"whatsapp_business_account","entry":[{"id":"{{{WebhookDriver.Account}}}","time":1790000000,"changes":[{"field":"messages","value":{
            "messaging_product":"whatsapp","metadata":{"display_phone_number":"15550100001","phone_number_id":"{{{to}}}"},"messages":[{{{string.Join(',', messages)}}}]}}]}]}
            """);
    }

    /// <summary>Which one these bytes are; null when they are none, or not exactly.</summary>
    public static int? NumberOf(ReadOnlySpan<byte> body)
    {
        var start = body.IndexOf(Encoding.ASCII.GetBytes(IdPrefix));
        return start >= 0
            && System.Buffers.Text.Utf8Parser.TryParse(body[(start + IdPrefix.Length)..], out int number, out _)
            && body.SequenceEqual(Body(number)) ? number : null;
    }
}
