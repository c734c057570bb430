using WaMcp.Sandbox.Control;

namespace WaMcp.Sandbox.WhatsApp.Behaviour;

internal enum FaultMode
{
    Error,
    Hang,
    DropBefore,
    DropAfter,
    Garbage,
    RetryAfter,
}

/// <summary>One fault in force. <see cref="Left"/> is guarded by <see cref="FaultBook"/>.</summary>
internal sealed class FaultRule
{
    public FaultRule(int id, FaultOrder order)
    {
        Id = id;
        Order = order;
        Left = order.Count;
        Mode = order.Mode switch
        {
            "error" => FaultMode.Error,
            "hang" => FaultMode.Hang,
            "drop_before" => FaultMode.DropBefore,
            "drop_after" => FaultMode.DropAfter,
            "garbage" => FaultMode.Garbage,
            "retry_after" => FaultMode.RetryAfter,
            _ => throw new ArgumentException(
                $"mode '{order.Mode}' is not one of error, hang, drop_before, drop_after, garbage, retry_after."),
        };
        if (order.Count < 0)
        {
            throw new ArgumentException("count must be 1 or more, or 0 for every matching request.");
        }

        if (order.HttpStatus is < 200 or > 599)
        {
            throw new ArgumentException("httpStatus must be between 200 and 599.");
        }

        if (order.DelayMs is < 0 or > 86_400_000)
        {
            throw new ArgumentException("delayMs must be between 0 and 86400000.");
        }
    }

    public int Id { get; }

    public FaultOrder Order { get; }

    public FaultMode Mode { get; }

    public int Left { get; set; }

    public TimeSpan? Delay => Order.DelayMs is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null;

    public bool IsFor(string method, string path, string? phoneNumberId, Func<IEnumerable<string?>> recipient)
    {
        var match = Order.Match;
        return path.Contains(match?.Path ?? "/messages", StringComparison.Ordinal)
            && (match?.Path is not null || method == HttpMethods.Post)
            && (match?.Method is null || string.Equals(match.Method, method, StringComparison.OrdinalIgnoreCase))
            && (match?.PhoneNumberId is null || match.PhoneNumberId == phoneNumberId)
            && (match?.To is null || recipient().Contains(match.To.TrimStart('+')));
    }
}
