using System.Text.Json.Serialization;

namespace WaMcp.Admin.Output;

/// <summary>An error, in the one shape that scripts test for.</summary>
internal sealed record ErrorDocument(Problem Error);

/// <summary>What an error says.</summary>
internal sealed record Problem(
    string Code,
    string Message,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextAction,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Field);
