using System.Security.Cryptography;
using System.Text;

namespace WaMcp.Sandbox.WhatsApp.Chats;

/// <summary>
/// Message ids in the form Meta gives them: "wamid." and Base64 of the partner's number, the direction and random hex. Nobody may
/// rely on the content; only length and alphabet matter.
/// </summary>
internal static class Wamid
{
    public static string ToCustomer(string partner) => New(partner, 0x11, 9, "");

    public static string FromCustomer(string partner) => New(partner, 0x12, 9, "3A");

    private static string New(string partner, byte direction, int randomBytes, string prefix)
    {
        Span<byte> random = stackalloc byte[randomBytes];
        RandomNumberGenerator.Fill(random);
        var tail = prefix + Convert.ToHexString(random);
        Span<byte> id = stackalloc byte[9 + Encoding.ASCII.GetByteCount(partner) + tail.Length];
        var length = 0;
        id[length++] = 0x1C;
        id[length++] = 0x18;
        id[length++] = (byte)partner.Length;
        length += Encoding.ASCII.GetBytes(partner, id[length..]);
        id[length++] = 0x15;
        id[length++] = 0x02;
        id[length++] = 0x00;
        id[length++] = direction;
        id[length++] = 0x18;
        id[length++] = (byte)tail.Length;
        length += Encoding.ASCII.GetBytes(tail, id[length..]);
        return "wamid." + Convert.ToBase64String(id[..length]);
    }
}
