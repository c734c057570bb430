using System.Globalization;
using System.Text;

namespace WaMcp.Tests.Auth;

/// <summary>
/// Chance that can be repeated: the same seed gives the same cases. <c>WAMCP_FUZZ_SEED</c> gives others. Text for the wire holds one
/// character for each byte, so that it can hold what is no text.
/// </summary>
internal sealed class Dice(int area)
{
    public const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    private static readonly string[] Troublesome =
    [
        "", " ", "\t", "null", "undefined", "true", "0", "-1", "1e400", "NaN", "*", "%", "_", "'", "\"", "\\", "`", "--", ";", "' OR 1=1 --",
        "../../etc/passwd", "${jndi:ldap://x}", "{{7*7}}", "<script>", "\u001b[31m", "\r", "\u007f", "\u0085", "\u2028", "\u202e", "\ufeff",
        "\ufffd", "\ud83d\ude00", "e\u0301", "ﬃ", "İ", "ß", "channel\u200b", "A̴̡", "%00", "%0d%0a", "\\u0000", "tools:*", "numbers:*",
    ];

    private readonly Random random = new(HashCode(Seed, area));

    public static int Seed { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("WAMCP_FUZZ_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : 20261122;

    public int Below(int end) => random.Next(end);

    public long Long() => random.NextInt64(long.MinValue, long.MaxValue);

    public bool OneIn(int n) => random.Next(n) == 0;

    public T Pick<T>(params T[] options) => options[random.Next(options.Length)];

    public string Letters(int count) => string.Concat(random.GetItems(Alphabet.AsSpan(), count));

    /// <summary>Text that programs stumble over: short, long, or made of anything.</summary>
    public string Trouble() => random.Next(8) switch
    {
        0 => new string(Pick('x', ' ', '/', '\u00e4'), 1 + Below(6_000)),
        1 => string.Concat(Enumerable.Range(0, 1 + Below(12)).Select(_ => (char)random.Next(0x20, 0xd800))),
        2 => Letters(Below(80)),
        3 => Pick(Troublesome) + Pick(Troublesome),
        _ => Pick(Troublesome),
    };

    /// <summary>The same text with a small thing wrong, and what that is.</summary>
    public (string Text, string How) Spoil(string text)
    {
        if (text.Length == 0)
        {
            return ("x", "filled");
        }

        var at = Below(text.Length);
        var (before, after) = (text[..at], text[(at + 1)..]);
        return random.Next(14) switch
        {
            0 => (text[..^(1 + Below(text.Length))], "cut short"),
            1 => (text[(1 + Below(text.Length))..], "beheaded"),
            2 => (text + Letters(1 + Below(50)), "longer"),
            3 => ($"{before}{Alphabet[(Alphabet.IndexOf(text[at], StringComparison.Ordinal) + 1 + Below(30)) & 31]}{after}", $"another letter at {at}"),
            4 => ($"{before}{(char)(text[at] ^ (1 << Below(7)))}{after}", $"a bit flipped at {at}"),
            5 => (before + after, $"nothing at {at}"),
            6 => ($"{before}{char.ToUpperInvariant(text[at])}{after}", $"upper case at {at}"),
            7 => (text.ToUpperInvariant(), "all upper case"),
            8 => ($"{before}{Pick(' ', '\t', '\u00a0', '\r', '\u0001', '\u001f', '\u007f', '\0')}{text[at..]}", $"a space or control character at {at}"),
            9 => ($"{before}{Wire(Pick("а", "е", "о", "ｗ", "\u200b", "\ud83d\ude00"))}{after}", $"a lookalike at {at}"),
            10 => ($"{before}{(char)(0x80 + Below(0x80))}{text[at..]}", $"half a character at {at}"),
            11 => (text + text, "twice"),
            12 => (new string([.. text.Reverse()]), "backwards"),
            _ => ($"{Pick('"', '<', '{', '\'', '%')}{text}{Pick('"', '>', '}', '\'', '=')}", "wrapped"),
        };
    }

    /// <summary>A character for each byte of its UTF-8 form.</summary>
    public static string Wire(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    // Not System.HashCode, which differs from run to run.
    private static int HashCode(int seed, int area) => unchecked((seed * 397) ^ area);
}
