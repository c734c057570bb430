using System.Text.RegularExpressions;

namespace WaMcp.Tests.Auth;

/// <summary>Authorization headers, right and nearly right.</summary>
internal static partial class Headers
{
    /// <summary>Header lines as they go over the wire, and what is wrong with them.</summary>
    public static (string[] Lines, string How) Next(Dice dice, Prey prey)
    {
        var (line, how) = Line(dice, prey);
        return dice.Below(16) switch
        {
            0 => ([line, line], $"{how}, twice"),
            1 => ([line, Line(dice, prey).Line], $"{how}, and another"),
            2 => (["Authorization:", line], $"{how}, after an empty one"),
            3 => ([line.Replace("Authorization", dice.Pick("X-Api-Key", "Proxy-Authorization", "Cookie", "X-Authorization"), StringComparison.Ordinal)], $"{how}, in another header"),
            4 => ([line.Replace(":", " :", StringComparison.Ordinal)], $"{how}, with a space before the colon"),
            5 => ([$"{line}\r\n {dice.Letters(5)}"], $"{how}, folded"),
            6 => ([], "no header"),
            _ => ([line], how),
        };
    }

    /// <summary>RFC 9110, 11.4 and 11.6.2, strictly: one credential, of a token that opens.</summary>
    public static bool Open(IEnumerable<string> lines, Prey prey)
    {
        var values = lines.Select(line => AuthorizationLine().Match(line)).Where(match => match.Success)
            .Select(match => match.Groups[1].Value.Trim(' ', '\t')).Where(value => value.Length > 0).ToList();
        return values is [var value] && Bearer().Match(value) is { Success: true } bearer && prey.Opening.Contains(bearer.Groups[1].Value);
    }

    private static (string Line, string How) Line(Dice dice, Prey prey)
    {
        var token = dice.OneIn(2) ? dice.Pick(prey.Opening) : dice.Pick(prey.Tokens);
        var (written, how) = dice.Below(12) switch
        {
            < 3 => (token, "as it is"),
            < 9 => dice.Spoil(token),
            9 => Otherwise(dice, prey, token),
            10 => (string.Concat(Enumerable.Repeat(token, 1 + dice.Below(900))), "many times over"),
            _ => (Dice.Wire(dice.Trouble()), "trouble"),
        };
        var (scheme, space, tail) = ("Bearer", " ", "");
        switch (dice.Below(4))
        {
            case 0:
                scheme = dice.Pick(
                    "bearer", "BEARER", "bEaReR", "Bearer:", "Bearer=", "Basic", "Token", "Digest", "ApiKey", "", "Bearer Bearer", "Be arer", "\u00a0Bearer");
                break;
            case 1:
                (space, tail) = (dice.Pick("", "  ", "\t", " \t", "     ", ",", "="), dice.Pick("", " ", "\t", ",", ", Bearer x", ";", " x", "\u00a0"));
                break;
        }

        return ($"{dice.Pick("Authorization", "authorization", "AUTHORIZATION")}: {scheme}{space}{written}{tail}", $"token {how}, '{scheme}' '{space}' '{tail}'");
    }

    private static (string Written, string How) Otherwise(Dice dice, Prey prey, string token)
    {
        var other = dice.Pick(prey.Tokens);
        return dice.Below(7) switch
        {
            0 => (token[..23] + other[^28..], "with another one's secret"),
            1 => (token.Replace("live", "test", StringComparison.Ordinal), "of the other environment"),
            2 => (token.Replace("test", "prod", StringComparison.Ordinal), "of no environment"),
            3 => (Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(token)), "in base64"),
            4 => (Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"{token}:")), "as Basic has it"),
            5 => (string.Concat(token.Select(character => $"%{(int)character:x2}")), "in percent"),
            _ => (token.Replace("wamcp", dice.Pick("WAMCP", "wamcp ", "wamcq", ""), StringComparison.Ordinal), "of another brand"),
        };
    }

    [GeneratedRegex(@"\Aauthorization:(.*)\z", RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex AuthorizationLine();

    [GeneratedRegex(@"\A(?i:bearer) +(\w+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Bearer();
}
