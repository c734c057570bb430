using System.Text.Json;

namespace WaMcp.Sandbox.Control;

/// <summary><c>POST /control/whatsapp/fields</c>: a webhook change of any field, with any value, for what the sandbox has no word for.</summary>
public sealed record FieldOrder
{
    public string? AccountId { get; init; }

    public string Field { get; init; } = "";

    public JsonElement Value { get; init; }
}
