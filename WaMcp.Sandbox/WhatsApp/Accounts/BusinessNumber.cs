namespace WaMcp.Sandbox.WhatsApp.Accounts;

/// <summary>A business phone number as Graph knows it.</summary>
internal sealed class BusinessNumber(string id, string displayNumber, string verifiedName, BusinessAccount account)
{
    private readonly Lock gate = new();
    private long second;
    private int sentInSecond;

    public string Id { get; } = id;

    /// <summary>For people: +1 555 010 0001.</summary>
    public string DisplayNumber { get; } = displayNumber;

    /// <summary>For webhooks and comparisons: digits only.</summary>
    public string Digits { get; } = string.Concat(displayNumber.Where(char.IsAsciiDigit));

    public string VerifiedName { get; } = verifiedName;

    public BusinessAccount Account { get; } = account;

    public string? Pin { get; set; }

    public Uri? CallbackOverride { get; set; }

    /// <summary>Counts one message against the number's throughput; false when this second is full.</summary>
    public bool TakeThroughput(int perSecond, DateTimeOffset now)
    {
        if (perSecond <= 0)
        {
            return true;
        }

        lock (gate)
        {
            var current = now.ToUnixTimeSeconds();
            if (current != second)
            {
                second = current;
                sentInSecond = 0;
            }

            if (sentInSecond >= perSecond)
            {
                return false;
            }

            sentInSecond++;
            return true;
        }
    }
}
