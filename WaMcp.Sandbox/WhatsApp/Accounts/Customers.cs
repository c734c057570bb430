using System.Collections.Concurrent;

namespace WaMcp.Sandbox.WhatsApp.Accounts;

/// <summary>
/// All customers, by phone number and by user id. Whoever is written to exists; Ada always does, and counts as having written
/// just before the start, so that a newcomer can answer her without a template.
/// </summary>
internal sealed class Customers
{
    public const string AdaWaId = "15550100100";
    public const string AdaUserId = "US.13491208655302741918";
    private const int Limit = 250_000;

    private readonly ConcurrentDictionary<string, Customer> byWaId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Customer> byUserId = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<Customer> strangers = new();
    private readonly Lock gate = new();
    private readonly TimeProvider clock;

    public Customers(TimeProvider clock)
    {
        this.clock = clock;
        Reset();
    }

    public int Count => byUserId.Count;

    public IEnumerable<Customer> Kept => byUserId.Values.Where(customer => customer.Kept);

    public Customer Ada => byWaId[AdaWaId];

    /// <summary>By phone number or user id, as <see cref="Customer.Key"/> names them.</summary>
    public Customer? Find(string? key) =>
        key is null ? null
        : byWaId.TryGetValue(key.TrimStart('+'), out var byNumber) ? byNumber
        : byUserId.TryGetValue(key, out var byId) ? byId
        : null;

    public Customer ByWaId(string waId) => byWaId.TryGetValue(waId, out var known) ? known : Add(waId, UserIds.For(waId));

    public Customer ByUserId(string userId) => byUserId.TryGetValue(userId, out var known) ? known : Add(null, userId);

    /// <summary>The customer with both ids; a customer known by one of them keeps the other.</summary>
    /// <exception cref="ArgumentException">The two ids belong to two different customers.</exception>
    public Customer With(string? waId, string? userId)
    {
        lock (gate)
        {
            var byNumber = waId is null ? null : byWaId.GetValueOrDefault(waId);
            var byId = userId is null ? null : byUserId.GetValueOrDefault(userId);
            if (byNumber is not null && byId is not null && byNumber != byId)
            {
                throw new ArgumentException($"{waId} and {userId} are two different customers here.");
            }

            if (byNumber is not null && userId is not null && byNumber.UserId != userId)
            {
                throw new ArgumentException($"{waId} already has the user id {byNumber.UserId}.");
            }

            if (byId is { WaId: not null } && waId is not null && byId.WaId != waId)
            {
                throw new ArgumentException($"{userId} already has the phone number {byId.WaId}.");
            }

            if ((byNumber ?? byId) is { } known && (waId is null || known.WaId is not null))
            {
                return known;
            }
        }

        return Add(waId, userId ?? UserIds.For(waId ?? throw new ArgumentException("A customer needs a phone number or a user id.")));
    }

    public void Reset()
    {
        lock (gate)
        {
            byWaId.Clear();
            byUserId.Clear();
            strangers.Clear();
        }

        var ada = Add(AdaWaId, AdaUserId);
        ada.Name = "Ada";
        ada.Kept = true;
        ada.WroteBeforeStart = clock.GetUtcNow();
    }

    private Customer Add(string? waId, string userId)
    {
        lock (gate)
        {
            if (waId is not null && byWaId.TryGetValue(waId, out var known))
            {
                return known;
            }

            var customer = new Customer(waId, userId);
            byUserId[userId] = customer;
            if (waId is not null)
            {
                byWaId[waId] = customer;
            }

            strangers.Enqueue(customer);
            Forget();
            return customer;
        }
    }

    private void Forget()
    {
        while (strangers.Count > Limit && strangers.TryDequeue(out var oldest))
        {
            if (oldest.Kept)
            {
                continue;
            }

            byUserId.TryRemove(new KeyValuePair<string, Customer>(oldest.UserId, oldest));
            if (oldest.WaId is not null)
            {
                byWaId.TryRemove(new KeyValuePair<string, Customer>(oldest.WaId, oldest));
            }
        }
    }
}
