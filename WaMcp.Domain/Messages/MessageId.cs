using WaMcp.Domain.Data;

namespace WaMcp.Domain.Messages;

/// <summary>Names one <see cref="Message"/>.</summary>
/// <param name="Value">The id as the database keeps it.</param>
public readonly record struct MessageId(Guid Value) : ITypedId<MessageId>
{
    /// <inheritdoc/>
    public static string Prefix => "msg";

    /// <inheritdoc/>
    public static MessageId From(Guid value) => new(value);

    /// <summary>The text form, <c>msg_…</c>.</summary>
    public override string ToString() => TypedId.Format(this);
}
