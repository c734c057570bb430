using WaMcp.Domain.Data;

namespace WaMcp.Server.Auth;

/// <summary>Names one request; what it causes carries the same.</summary>
/// <param name="Value">UUIDv7.</param>
internal readonly record struct RequestId(Guid Value) : ITypedId<RequestId>
{
    public static string Prefix => "req";

    public static RequestId From(Guid value) => new(value);

    public override string ToString() => TypedId.Format(this);
}
