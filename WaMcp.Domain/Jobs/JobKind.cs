namespace WaMcp.Domain.Jobs;

/// <summary>What a job does; the Worker has one handler for each.</summary>
public enum JobKind
{
    /// <summary>Take a stored webhook event apart and derive one job per granted client.</summary>
    FanOut,

    /// <summary>Record, for one client, what a webhook event says about one channel.</summary>
    Receive,

    /// <summary>Send one queued message.</summary>
    Deliver,

    /// <summary>Tell one endpoint of a client one event.</summary>
    Notify,

    /// <summary>Fetch the file of one inbound message.</summary>
    FetchMedia,
}
