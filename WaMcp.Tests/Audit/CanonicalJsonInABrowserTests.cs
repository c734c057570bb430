using System.Globalization;
using System.Text;
using System.Text.Json;
using WaMcp.Domain.Audit;
using WaMcp.Tests.Auth;
using WaMcp.Tests.Sandbox;

namespace WaMcp.Tests.Audit;

/// <summary>RFC 8785 is defined by what ECMAScript does, so ECMAScript itself is the other implementation: the browser's.</summary>
public sealed class CanonicalJsonInABrowserTests(PhonePageTests.Browser browser) : IClassFixture<PhonePageTests.Browser>
{
    private const int Documents = 5_000;

    private const string Canonicalize =
        """
        texts => {
            const form = value => value === null || typeof value !== 'object' ? JSON.stringify(value)
                : Array.isArray(value) ? `[${value.map(form).join()}]`
                : `{${Object.keys(value).sort().map(name => `${JSON.stringify(name)}:${form(value[name])}`).join()}}`;
            return texts.map(text => form(JSON.parse(text)));
        }
        """;

    [Fact]
    public async Task RandomDocumentsComeOutAsTheBrowserWritesThem()
    {
        var dice = new Dice(8785);
        var texts = Enumerable.Range(0, Documents).Select(_ => Value(dice, 4)).ToArray();
        var page = await browser.Instance.NewPageAsync();

        foreach (var chunk in texts.Chunk(500))
        {
            var theirs = await page.EvaluateAsync<string[]>(Canonicalize, chunk);
            var ours = chunk.Select(text => Encoding.UTF8.GetString(CanonicalJson.Of(JsonDocument.Parse(text).RootElement))).ToArray();
            foreach (var (text, our, their) in chunk.Zip(ours, theirs))
            {
                our.ShouldBe(their, text);
            }
        }

        await page.CloseAsync();
    }

    private static string Value(Dice dice, int depth) => dice.Below(depth > 0 ? 8 : 5) switch
    {
        0 => dice.Pick("null", "true", "false"),
        1 or 2 => Number(dice),
        3 or 4 => Text(dice),
        5 => $"[{string.Join(Space(dice) + ",", Enumerable.Range(0, dice.Below(5)).Select(_ => Value(dice, depth - 1)))}{Space(dice)}]",
        _ => $"{{{Space(dice)}{string.Join(",", Members(dice, depth))}}}",
    };

    // Names of one object differ: two of the same have no canonical form.
    private static IEnumerable<string> Members(Dice dice, int depth) => Enumerable.Range(0, dice.Below(6))
        .Select(_ => Text(dice)).DistinctBy(name => JsonDocument.Parse(name).RootElement.GetString())
        .Select(name => $"{name}{Space(dice)}:{Value(dice, depth - 1)}");

    // Any double by its bits, in one of the ways to write it, or any digits.
    private static string Number(Dice dice)
    {
        var value = BitConverter.Int64BitsToDouble(dice.Long());
        return dice.Below(6) switch
        {
            0 => string.Concat(Enumerable.Range(0, 1 + dice.Below(30)).Select(_ => (char)('0' + dice.Below(10)))).TrimStart('0') + "7",
            1 => dice.Below(2_000_000).ToString(CultureInfo.InvariantCulture),
            2 => $"-{dice.Below(1_000)}.{dice.Below(1_000_000)}e{dice.Below(40) - 20}",
            3 => $"{dice.Long() % 10_000_000_000_000_000}",
            _ when !double.IsFinite(value) => "0.000001",
            4 => value.ToString("E17", CultureInfo.InvariantCulture),
            _ => value.ToString("R", CultureInfo.InvariantCulture),
        };
    }

    // UTF-16 without lone surrogates, some of it escaped.
    private static string Text(Dice dice)
    {
        var text = new StringBuilder("\"");
        for (var rest = dice.Below(8); rest > 0; rest--)
        {
            var rune = dice.Below(6) switch
            {
                0 => new Rune(dice.Below(0x20)),
                1 => new Rune(0xE000 + dice.Below(0x2000)),
                2 => new Rune(0x10000 + dice.Below(0x10_0000)),
                3 => new Rune(dice.Pick('"', '\\', '/', '\u007f', '\u2028', '\ufeff', '\u0080')),
                4 => new Rune(dice.Below(0xD800)),
                _ => new Rune('a' + dice.Below(4)),
            };
            var isRaw = rune.Value >= 0x20 && rune.Value is not ('"' or '\\') && dice.Below(2) == 0;
            text.Append(isRaw ? rune.ToString() : string.Concat(rune.ToString().Select(unit => $"\\u{(int)unit:x4}")));
        }

        return text.Append('"').ToString();
    }

    private static string Space(Dice dice) => dice.Pick("", " ", "\n\t");
}
