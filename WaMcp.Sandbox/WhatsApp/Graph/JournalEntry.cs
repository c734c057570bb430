namespace WaMcp.Sandbox.WhatsApp.Graph;

/// <summary>One Graph request as it came in, and what became of it. Written by the request alone, read by the control API.</summary>
internal sealed class JournalEntry(long sequence, DateTimeOffset at, string method, string path)
{
    public long Sequence { get; } = sequence;

    public DateTimeOffset At { get; } = at;

    public string Method { get; } = method;

    /// <summary>Path and query, without secrets.</summary>
    public string Path { get; } = path;

    /// <summary>The body without secrets, normally JSON.</summary>
    public ReadOnlyMemory<byte> Body { get; set; }

    public string? PhoneNumberId { get; set; }

    /// <summary>Null while it is unanswered, and for ever when the connection was cut.</summary>
    public int? Status { get; set; }

    /// <summary>The message this request created.</summary>
    public string? Wamid { get; set; }

    /// <summary>The fault it met, if any.</summary>
    public string? Fault { get; set; }
}
