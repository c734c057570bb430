namespace WaMcp.Sandbox.WhatsApp.Webhooks;

/// <summary>One body on its way to one address: the same bytes at every attempt, changed by its lane alone.</summary>
internal sealed class WebhookDelivery(
    long id, Uri url, byte[] body, WebhookUpdate addressee, IReadOnlyList<WebhookUpdate> updates, DateTimeOffset created)
{
    private IReadOnlyList<WebhookUpdate>? updates = updates;

    public long Id { get; } = id;

    /// <summary>Where it goes, or last went: when the callback moves, what waits goes to its new address.</summary>
    public Uri Url { get; private set; } = url;

    /// <summary>Tells the address; null once it is accepted or given up.</summary>
    public WebhookUpdate? Addressee { get; private set; } = addressee;

    public byte[] Body { get; } = body;

    public DateTimeOffset Created { get; } = created;

    public int UpdateCount { get; } = updates.Count;

    /// <summary>The delivery this one repeats, when duplicates were asked for.</summary>
    public long? CopyOf { get; init; }

    public int Attempts { get; private set; }

    public int? LastStatus { get; private set; }

    public string? LastError { get; private set; }

    public DateTimeOffset? AcceptedAt { get; private set; }

    /// <summary>When the next attempt is due; null once it is accepted or given up.</summary>
    public DateTimeOffset? NextAttempt { get; private set; } = created;

    public string State => AcceptedAt is not null ? "accepted" : NextAttempt is not null ? "waiting" : "dropped";

    public void SendTo(Uri url) => Url = url;

    public void Accepted(DateTimeOffset at)
    {
        Attempts++;
        LastStatus = 200;
        LastError = null;
        NextAttempt = null;
        AcceptedAt = at;
        foreach (var update in updates ?? [])
        {
            update.IsAccepted();
        }

        Addressee = null; // the log keeps the bytes, not the chats
        updates = null;
    }

    public void Failed(int? status, string error, DateTimeOffset next)
    {
        Attempts++;
        LastStatus = status;
        LastError = error;
        NextAttempt = next;
    }

    public void Dropped()
    {
        NextAttempt = null;
        Addressee = null;
        updates = null;
    }
}
