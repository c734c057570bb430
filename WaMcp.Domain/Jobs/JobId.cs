using WaMcp.Domain.Data;

namespace WaMcp.Domain.Jobs;

/// <summary>Names one <see cref="Job"/>.</summary>
/// <param name="Value">The id as the database keeps it.</param>
public readonly record struct JobId(Guid Value) : ITypedId<JobId>
{
    /// <inheritdoc/>
    public static string Prefix => "job";

    /// <inheritdoc/>
    public static JobId From(Guid value) => new(value);

    /// <summary>The text form, <c>job_…</c>.</summary>
    public override string ToString() => TypedId.Format(this);
}
