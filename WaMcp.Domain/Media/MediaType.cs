using System.Text;

namespace WaMcp.Domain.Media;

/// <summary>What a file is by its first bytes, whatever it is called or said to be.</summary>
internal static class MediaType
{
    /// <summary>As many bytes as are looked at.</summary>
    public const int HeadBytes = 4096;

    private const string Zip = "application/zip";
    private const string Ole = "application/x-ole-storage";
    private const string Text = "text/plain";

    // What is in a container that all of them share: here the sender's word counts, or else the file's name.
    private static readonly Dictionary<string, string> ByExtension = new(StringComparer.OrdinalIgnoreCase)
    {
        [".docx"] = "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        [".xlsx"] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        [".pptx"] = "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        [".doc"] = "application/msword",
        [".xls"] = "application/vnd.ms-excel",
        [".ppt"] = "application/vnd.ms-powerpoint",
        [".txt"] = Text,
        [".m4a"] = "audio/mp4",
    };

    private static readonly Dictionary<string, string[]> Inside = new()
    {
        [Zip] = [ByExtension[".docx"], ByExtension[".xlsx"], ByExtension[".pptx"]],
        [Ole] = [ByExtension[".doc"], ByExtension[".xls"], ByExtension[".ppt"]],
        ["video/mp4"] = ["video/mp4", "audio/mp4"],
        ["video/3gpp"] = ["video/3gpp"],
    };

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The MIME type; null for what cannot be sent as anything.</summary>
    /// <param name="head">The first <see cref="HeadBytes"/> bytes, or all there are.</param>
    /// <param name="declared">What the sender says it is.</param>
    /// <param name="fileName">What it is called.</param>
    public static string? Judge(ReadOnlySpan<byte> head, string? declared, string? fileName)
    {
        if (Detect(head) is not { } found)
        {
            return null;
        }

        if (!Inside.TryGetValue(found, out var possible))
        {
            return found;
        }

        var said = declared?.Split(';')[0].Trim().ToLowerInvariant();
        var named = ByExtension.GetValueOrDefault(Path.GetExtension(fileName ?? ""));
        return possible.FirstOrDefault(type => type == said) ?? possible.FirstOrDefault(type => type == named) ?? (found is Ole or Zip ? null : found);
    }

    /// <summary>Whether a WebP picture moves: the animation flag of its extended header (https://developers.google.com/speed/webp/docs/riff_container).</summary>
    public static bool IsAnimated(ReadOnlySpan<byte> head) => head.Length > 20 && head[12..16].SequenceEqual("VP8X"u8) && (head[20] & 0x02) != 0;

    private static string? Detect(ReadOnlySpan<byte> head) => head switch
    {
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => "image/png",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "image/webp",
        [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', (byte)'3', (byte)'g', ..] => "video/3gpp",
        [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', (byte)'M', (byte)'4', (byte)'A' or (byte)'B', ..] => "audio/mp4",
        [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', ..] => "video/mp4",
        [(byte)'#', (byte)'!', (byte)'A', (byte)'M', (byte)'R', ..] => "audio/amr",
        [(byte)'I', (byte)'D', (byte)'3', ..] => "audio/mpeg",
        [0xFF, 0xF0 or 0xF1 or 0xF8 or 0xF9, ..] => "audio/aac",
        [0xFF, >= 0xE2 and not 0xFE and not 0xFF, ..] => "audio/mpeg",
        [(byte)'O', (byte)'g', (byte)'g', (byte)'S', ..] => head.IndexOf("OpusHead"u8) >= 0 ? "audio/ogg" : null,
        [(byte)'%', (byte)'P', (byte)'D', (byte)'F', (byte)'-', ..] => "application/pdf",
        [(byte)'P', (byte)'K', 3, 4, ..] or [(byte)'P', (byte)'K', 5, 6, ..] => Zip,
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, ..] => Ole,
        _ => IsText(head) ? Text : null,
    };

    // The last character may be cut in the middle.
    private static bool IsText(ReadOnlySpan<byte> head)
    {
        if (head.IsEmpty || head.Contains((byte)0))
        {
            return false;
        }

        try
        {
            var decoder = Strict.GetDecoder();
            Span<char> characters = new char[head.Length];
            decoder.Convert(head, characters, flush: head.Length < HeadBytes, out _, out _, out _);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
