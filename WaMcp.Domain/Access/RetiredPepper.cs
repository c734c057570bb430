namespace WaMcp.Domain.Access;

/// <summary>A pepper that is no longer current, by its name.</summary>
public sealed class RetiredPepper
{
    /// <summary>As <see cref="Pepper.IdOf"/> makes it.</summary>
    public required string Id { get; init; }

    /// <summary>When another one became current.</summary>
    public DateTimeOffset RetiredAt { get; init; }

    /// <summary>Until when keys that were hashed under it are still recognised.</summary>
    public DateTimeOffset AcceptedUntil { get; set; }
}
