using System.Text;

namespace WaMcp.Tests.Media;

/// <summary>The smallest files that are what they say by their first bytes.</summary>
internal static class FilesOf
{
    public static readonly byte[] Png = [0x89, .. "PNG\r\n\u001a\n"u8, .. new byte[40]];
    public static readonly byte[] Jpeg = [0xFF, 0xD8, 0xFF, 0xE0, .. new byte[40]];
    public static readonly byte[] Pdf = Encoding.ASCII.GetBytes("%PDF-1.7\n%\u0001\n1 0 obj");
    public static readonly byte[] Mp4 = [0, 0, 0, 24, .. "ftypisom"u8, .. new byte[40]];
    public static readonly byte[] ThreeGp = [0, 0, 0, 24, .. "ftyp3gp4"u8, .. new byte[40]];
    public static readonly byte[] M4a = [0, 0, 0, 24, .. "ftypM4A "u8, .. new byte[40]];
    public static readonly byte[] Amr = [.. "#!AMR\n"u8, .. new byte[40]];
    public static readonly byte[] Mp3 = [.. "ID3"u8, 4, .. new byte[40]];
    public static readonly byte[] Mp3WithoutTag = [0xFF, 0xFB, 0x90, .. new byte[40]];
    public static readonly byte[] Aac = [0xFF, 0xF1, 0x50, .. new byte[40]];
    public static readonly byte[] Opus = [.. "OggS"u8, .. new byte[24], .. "OpusHead"u8, .. new byte[20]];
    public static readonly byte[] Vorbis = [.. "OggS"u8, .. new byte[25], .. "vorbis"u8, .. new byte[20]];
    public static readonly byte[] Zip = [(byte)'P', (byte)'K', 3, 4, .. new byte[40]];
    public static readonly byte[] Ole = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, .. new byte[40]];
    public static readonly byte[] Elf = [0x7F, .. "ELF"u8, 2, 1, 1, .. new byte[40]];
    public static readonly byte[] Text = "Dear Ada, how are you?"u8.ToArray();

    public static byte[] Sticker(int size, bool moves)
    {
        var bytes = new byte[size];
        "RIFF\0\0\0\0WEBPVP8X"u8.CopyTo(bytes);
        bytes[20] = (byte)(moves ? 2 : 0);
        return bytes;
    }

    /// <summary>A file that is as large as it is told to be, and begins as another does.</summary>
    public static byte[] Padded(byte[] head, int size)
    {
        var bytes = new byte[size];
        head.CopyTo(bytes, 0);
        return bytes;
    }
}
