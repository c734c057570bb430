using WaMcp.Domain.Channels;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Access;

/// <summary>One client's right on one channel.</summary>
public sealed class Grant
{
    /// <summary>The id, <c>grt_…</c>.</summary>
    public GrantId Id { get; init; }

    /// <summary>Who may.</summary>
    public ClientId ClientId { get; init; }

    /// <summary>Where.</summary>
    public ChannelId ChannelId { get; init; }

    /// <summary>Which tools.</summary>
    public required string[] Tools { get; set; }

    /// <summary>Messages in 24 hours over this channel; null for no cap.</summary>
    public int? DailyMessageCap { get; set; }

    /// <summary>When the right was given.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was taken back; a client holds at most one unrevoked grant on a channel.</summary>
    public DateTimeOffset? RevokedAt { get; set; }
}
