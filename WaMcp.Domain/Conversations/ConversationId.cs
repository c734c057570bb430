using WaMcp.Domain.Data;

namespace WaMcp.Domain.Conversations;

/// <summary>Names one <see cref="Conversation"/>.</summary>
/// <param name="Value">The id as the database keeps it.</param>
public readonly record struct ConversationId(Guid Value) : ITypedId<ConversationId>
{
    /// <inheritdoc/>
    public static string Prefix => "cnv";

    /// <inheritdoc/>
    public static ConversationId From(Guid value) => new(value);

    /// <summary>The text form, <c>cnv_…</c>.</summary>
    public override string ToString() => TypedId.Format(this);
}
