namespace WaMcp.Sandbox.WhatsApp.Graph;

/// <summary>Every Graph request, up to a number of requests and of bytes; then the oldest are forgotten.</summary>
internal sealed class GraphJournal(WhatsAppOptions options, TimeProvider clock)
{
    private const long MaxBytes = 256L * 1024 * 1024;

    private readonly Lock gate = new();
    private readonly Queue<JournalEntry> entries = new();
    private long sequence;
    private long bytes;

    public long Total => Interlocked.Read(ref sequence);

    public JournalEntry Add(string method, string path, string? phoneNumberId, ReadOnlyMemory<byte> body)
    {
        lock (gate)
        {
            var entry = new JournalEntry(++sequence, clock.GetUtcNow(), method, path) { PhoneNumberId = phoneNumberId, Body = body };
            entries.Enqueue(entry);
            bytes += body.Length;
            while (entries.Count > options.MaxRequests || bytes > MaxBytes)
            {
                bytes -= entries.Dequeue().Body.Length;
            }

            return entry;
        }
    }

    /// <summary>Replaces what is remembered of a body: a summary for an upload, the text without its secrets.</summary>
    public void Describe(JournalEntry entry, ReadOnlyMemory<byte> body)
    {
        lock (gate)
        {
            bytes += body.Length - entry.Body.Length;
            entry.Body = body;
        }
    }

    public JournalEntry[] Entries()
    {
        lock (gate)
        {
            return [.. entries];
        }
    }

    public void Clear()
    {
        lock (gate)
        {
            entries.Clear();
            bytes = 0;
        }
    }
}
