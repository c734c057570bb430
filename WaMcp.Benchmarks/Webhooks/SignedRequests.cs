using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace WaMcp.Benchmarks.Webhooks;

/// <summary>Deliveries as bytes on the wire, signed beforehand: making them must not cost what is measured.</summary>
internal static class SignedRequests
{
    private const int Different = 1_000;

    /// <summary>A thousand or more: statuses, one in each; every so many a delivery with more of them.</summary>
    public static byte[][] Build(string secret, int largeEach, int updates) =>
        [.. Enumerable.Range(0, Math.Max(Different, largeEach)).Select(number => Request(secret, number, largeEach > 0 && number % largeEach == 0 ? updates : 1))];

    private static byte[] Request(string secret, int number, int updates)
    {
        var statuses = string.Join(',', Enumerable.Range(0, updates).Select(part => Status(number, part)));
        var body = Encoding.UTF8.GetBytes(
            $$$"""
            {"object":"whatsapp_business_account","entry":[{"id":"200000000000001","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550100001","phone_number_id":"100000000000001"},"statuses":[{{{statuses}}}]},"field":"messages"}]}]}
            """);
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"POST /webhooks/whatsapp HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n"
            + $"X-Hub-Signature-256: sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body))}\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    private static string Status(int number, int part)
    {
        var id = Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes($"{number} {part}")));
        return string.Create(
            CultureInfo.InvariantCulture,
            $$$"""
            {"id":"wamid.{{{id}}}","status":"delivered","timestamp":"{{{1_790_000_000 + number}}}","recipient_id":"1555{{{number:0000000}}}","biz_opaque_callback_data":"msg_01j9z3k4m5n6p7q8r9s0t1v2w3","conversation":{"id":"{{{id[..32]}}}","origin":{"type":"utility"}},"pricing":{"billable":true,"pricing_model":"PMP","category":"utility"}}
            """);
    }
}
