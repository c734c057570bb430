namespace WaMcp.Sandbox.WhatsApp.Graph;

/// <summary>
/// A refusal in Meta's terms. Thrown where the rule is, turned into Graph's error object in one place, <see cref="GraphPipeline"/>.
/// </summary>
internal sealed class GraphFault(int code, string? details = null) : Exception(details ?? GraphErrors.Of(code).Details)
{
    public int Code { get; } = code;

    public string Details => Message;

    /// <summary>Graph's sentence; by default "(#code) title".</summary>
    public string? Sentence { get; init; }

    public int? Subcode { get; init; }

    public int? HttpStatus { get; init; }

    public string Type { get; init; } = "OAuthException";

    /// <summary>WhatsApp's own refusals carry error_data; the Graph platform's do not.</summary>
    public bool FromWhatsApp { get; init; } = true;

    public static GraphFault Missing(string details) => new(131008, details);

    public static GraphFault Invalid(string details) => new(131009, details);

    public static GraphFault BadParameter(string details) => new(100, details);

    /// <summary>Graph does not say whether an object is absent or merely not visible to this token.</summary>
    public static GraphFault NoSuchObject(string method, string id) => new(100)
    {
        Subcode = 33,
        FromWhatsApp = false,
        Type = "GraphMethodException",
        Sentence = $"Unsupported {method.ToLowerInvariant()} request. Object with ID '{id}' does not exist, cannot be loaded due to " +
            "missing permissions, or does not support this operation",
    };

    /// <summary>A refusal of the Graph platform, not of WhatsApp.</summary>
    public static GraphFault Platform(int code, string sentence, int? subcode = null) =>
        new(code, sentence) { Sentence = sentence, Subcode = subcode, FromWhatsApp = false };

    public static GraphFault BadToken(string sentence, int? subcode = null) => Platform(190, sentence, subcode);

    public static GraphFault BadProof() => new(100)
    {
        FromWhatsApp = false,
        Type = "GraphMethodException",
        Sentence = "Invalid appsecret_proof provided in the API argument",
    };

    /// <summary>Graph itself says it in these words when a top-level parameter is absent.</summary>
    public static GraphFault Required(string name) =>
        new(100, $"The parameter {name} is required.") { Sentence = $"(#100) The parameter {name} is required." };
}
