namespace WaMcp.Domain.Channels;

/// <summary>Whose provider app a channel uses.</summary>
public enum ChannelProfile
{
    /// <summary>The gateway operator's own app; its credentials are secret files of the programs.</summary>
    Platform,

    /// <summary>The organisation's own app; its credentials are encrypted in the database.</summary>
    Byoa,
}
