using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using WaMcp.Domain.Access;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Auth;

/// <summary>Looks for tokens, and for what is left of them after they were spoiled, wherever the system writes something down: in what was added there
/// since the last look.</summary>
internal sealed partial class Leaks
{
    // Twelve characters of a secret are sixty bits of it: nothing else looks like that, and spoiling leaves such a piece somewhere.
    private const int Piece = 12;

    private readonly AttackedSystem attacked;
    private readonly SearchValues<string> needles;
    private readonly ConcurrentQueue<string> answers = new(["answers:"]);
    private readonly Dictionary<string, int> seen = [];

    public Leaks(AttackedSystem attacked, IEnumerable<string> tokens)
    {
        this.attacked = attacked;
        seen["errors"] = attacked.System.Logs.Text.Length; // what was before belongs to other tests
        var secrets = tokens.Select(token => token[^KeyToken.SecretLength..]).ToList();
        needles = SearchValues.Create(
            [.. secrets.SelectMany(Pieces), .. secrets.Select(secret => new string([.. secret.Reverse()])).SelectMany(Pieces),
                .. tokens.SelectMany(token => Encodings(token).SelectMany(Pieces))],
            StringComparison.OrdinalIgnoreCase);
    }

    public void Keep(string answer) => answers.Enqueue(answer);

    /// <summary>What was written down that must not be: pieces of tokens, and failures that no program had foreseen.</summary>
    public async Task<IReadOnlyList<string>> LookAsync()
    {
        await WrittenDownAsync();
        var telemetry = attacked.Telemetry;
        var places = new Dictionary<string, string>
        {
            ["the log"] = attacked.System.Logs.Text,
            ["exported spans"] = telemetry.Received("/v1/traces"),
            ["exported logs"] = telemetry.Received("/v1/logs"),
            ["exported metrics"] = telemetry.Received("/v1/metrics"),
            ["the audit log"] = (await attacked.System.QueryAsync<string>("SELECT string_agg(row::text, E'\\n' ORDER BY id) FROM audit_log row"))!,
            ["answers"] = string.Join('\n', answers),
        };

        return [.. Errors(New("errors", attacked.System.Logs.Text)), .. places.SelectMany(place => Found(place.Key, New(place.Key, place.Value)))];
    }

    private static IEnumerable<string> Errors(string log) => log.Split('\n')
        .Where(line => line.StartsWith("Error ", StringComparison.Ordinal) || line.StartsWith("Critical ", StringComparison.Ordinal))
        .Select(line => Shown(line[..Math.Min(300, line.Length)])).Distinct();

    // Every place only grows.
    private string New(string place, string text)
    {
        var from = seen.GetValueOrDefault(place);
        seen[place] = text.Length;
        text.Length.ShouldBeGreaterThan(0, $"{place} holds nothing at all.");
        return text[from..];
    }

    private IEnumerable<string> Found(string place, string text) => text.AsSpan().IndexOfAny(needles) is var at and >= 0
        ? [$"A piece of a token is in {place}, after: …{Shown(text[Math.Max(0, at - 200)..at])}"]
        : [];

    // What stands before a token says where it came from; no piece of it may stand in a test's output either.
    private static string Shown(string text) => TokenLike().Replace(text, "wamcp_…");

    private static IEnumerable<string> Pieces(string text) => Enumerable.Range(0, text.Length - Piece + 1).Select(at => text.Substring(at, Piece));

    // Its first half is the public prefix, in any encoding.
    private static IEnumerable<string> Encodings(string token) =>
        [Convert.ToBase64String(Encoding.ASCII.GetBytes(token))[^32..], Convert.ToHexStringLower(Encoding.ASCII.GetBytes(token))[^48..]];

    private async Task WrittenDownAsync()
    {
        var end = $"end {string.Concat(Guid.NewGuid().ToString("N").Select(digit => (char)('a' + (digit % 26))))}"; // digits could be a phone number
        await attacked.System.Mcp(null, end).CallAsync("ping");
        await Eventually.TrueAsync(
            "the audit rows of everything before",
            async () => await attacked.System.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE user_agent = $1", end) > 0);
        foreach (var program in new[] { attacked.System.ServerApplication, attacked.System.WorkerApplication })
        {
            program.Services.GetRequiredService<TracerProvider>().ForceFlush().ShouldBeTrue();
            program.Services.GetRequiredService<MeterProvider>().ForceFlush().ShouldBeTrue();
            program.Services.GetRequiredService<LoggerProvider>().ForceFlush().ShouldBeTrue();
        }
    }

    [GeneratedRegex("wamcp_[a-z]+_[a-z0-9]+", RegexOptions.IgnoreCase)]
    private static partial Regex TokenLike();
}
