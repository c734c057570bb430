namespace WaMcp.Domain.Limits;

/// <summary>Where this process counts calls at the moment.</summary>
internal enum CountedIn
{
    /// <summary>Redis is away.</summary>
    Postgres,

    /// <summary>Redis answers, and another process may not know that yet: both stores must admit a call, and it counts once in each.</summary>
    Both,

    /// <summary>As it should be.</summary>
    Redis,
}
