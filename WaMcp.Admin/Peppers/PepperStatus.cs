using WaMcp.Admin.Keys;

namespace WaMcp.Admin.Peppers;

/// <summary>What <c>admin pepper status</c> shows. Peppers are named by their ids; a pepper itself is never shown.</summary>
/// <param name="Current">The one under which keys are hashed now.</param>
/// <param name="CurrentIsRetired">Whether it was rotated away, so that this machine still has an old file.</param>
/// <param name="KeysOnCurrent">How many living keys are.</param>
/// <param name="Others">Peppers that living keys still depend on, or that are still installed.</param>
/// <param name="Waiting">The living keys that are not on the current one: each moves over when it is used.</param>
internal sealed record PepperStatus(string Current, bool CurrentIsRetired, int KeysOnCurrent, IReadOnlyList<PepperStatus.Other> Others, IReadOnlyList<KeyRow> Waiting)
{
    /// <summary>A pepper that is not current.</summary>
    /// <param name="Id">Its name.</param>
    /// <param name="State"><c>accepted</c>, <c>ended</c>, <c>next</c>, <c>unrecorded</c> (previous, but no rotation was recorded) or <c>missing</c>.</param>
    /// <param name="AcceptedUntil">When its window ends or ended.</param>
    /// <param name="Keys">Living keys that depend on it.</param>
    internal sealed record Other(string Id, string State, DateTimeOffset? AcceptedUntil, int Keys);
}
