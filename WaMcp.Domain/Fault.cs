namespace WaMcp.Domain;

/// <summary>
/// A failure with three separate things: a code for machines, a text for whoever called, and a text for whoever reads the logs.
/// Every edge (HTTP, MCP, console) maps it once. Only <see cref="PublicText"/>, <see cref="NextAction"/>, <see cref="Field"/> and
/// <see cref="RetryAt"/> may leave the system.
/// </summary>
/// <param name="code">What kind of failure.</param>
/// <param name="publicText">One sentence for the caller: what was wrong.</param>
/// <param name="nextAction">What the caller can do about it.</param>
/// <param name="fieldName">The input field that was wrong.</param>
/// <param name="retryAt">When a retry makes sense.</param>
/// <param name="internalText">What the logs should say beyond the public text.</param>
/// <param name="inner">The cause.</param>
public sealed class Fault(
    FaultCode code,
    string publicText,
    string? nextAction = null,
    string? fieldName = null,
    DateTimeOffset? retryAt = null,
    string? internalText = null,
    Exception? inner = null)
    : Exception(internalText ?? publicText, inner)
{
    /// <summary>The machine-readable kind.</summary>
    public FaultCode Code => code;

    /// <summary>What the caller may read.</summary>
    public string PublicText => publicText;

    /// <summary>What the caller can do.</summary>
    public string? NextAction => nextAction;

    /// <summary>Which input was wrong.</summary>
    public string? Field => fieldName;

    /// <summary>When to try again.</summary>
    public DateTimeOffset? RetryAt => retryAt;

    /// <summary>A field of the input is missing, malformed or over a limit.</summary>
    public static Fault Invalid(string field, string problem, string? nextAction = null) =>
        new(FaultCode.InvalidInput, $"{field}: {problem}", nextAction, field);

    /// <summary>The same words for what does not exist and for what belongs to another client.</summary>
    public static Fault NotFound(string noun, string id, string? nextAction = null) =>
        new(FaultCode.NotFound, $"No {noun} '{Shorten(id)}' here.", nextAction);

    private static string Shorten(string text) => text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 80), "…");
}
