using System.Collections.Concurrent;

namespace WaMcp.Sandbox.WhatsApp.Accounts;

/// <summary>All accounts and numbers. One account with two numbers is always there; tests may add more.</summary>
internal sealed class BusinessAccounts
{
    public const string DefaultAccountId = "200000000000001";
    public const string SupportNumberId = "100000000000001";
    public const string SalesNumberId = "100000000000002";

    private readonly ConcurrentDictionary<string, BusinessAccount> accounts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, BusinessNumber> numbers = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private readonly TimeProvider clock;

    public BusinessAccounts(TimeProvider clock)
    {
        this.clock = clock;
        Reset();
    }

    public IEnumerable<BusinessNumber> Numbers => numbers.Values.OrderBy(number => number.Id, StringComparer.Ordinal);

    public IEnumerable<BusinessAccount> All => accounts.Values.OrderBy(account => account.Id, StringComparer.Ordinal);

    public BusinessNumber? FindNumber(string? id) => id is not null && numbers.TryGetValue(id, out var number) ? number : null;

    public BusinessAccount? FindAccount(string? id) => id is not null && accounts.TryGetValue(id, out var account) ? account : null;

    /// <exception cref="ArgumentException">The number's id is taken.</exception>
    public BusinessNumber Add(string accountId, string accountName, string numberId, string displayNumber, string verifiedName)
    {
        lock (gate)
        {
            if (numbers.ContainsKey(numberId) || accounts.ContainsKey(numberId) || numbers.ContainsKey(accountId))
            {
                throw new ArgumentException($"The id {numberId} is already taken.");
            }

            var account = accounts.GetOrAdd(accountId, id => new BusinessAccount(id, accountName, clock));
            var number = new BusinessNumber(numberId, displayNumber, verifiedName, account);
            account.Add(number);
            numbers[numberId] = number;
            return number;
        }
    }

    public void Reset()
    {
        accounts.Clear();
        numbers.Clear();
        Add(DefaultAccountId, "Sandbox", SupportNumberId, "+1 555 010 0001", "Sandbox Support");
        Add(DefaultAccountId, "Sandbox", SalesNumberId, "+1 555 010 0002", "Sandbox Sales");
    }
}
