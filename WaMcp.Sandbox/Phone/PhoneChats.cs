using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Chats;

namespace WaMcp.Sandbox.Phone;

/// <summary>Finds the chat that the page names by number and customer.</summary>
internal sealed class PhoneChats(BusinessAccounts accounts, Customers customers, ChatBook chats)
{
    private const int MostListed = 50;

    public Chat? Find(string? number, string? customer) =>
        accounts.FindNumber(number) is { } known && customers.Find(customer) is { } person ? chats.Between(known, person) : null;

    /// <summary>The latest chats of a number, and those of the named customers who have not written yet.</summary>
    public IEnumerable<Chat> Of(BusinessNumber number)
    {
        var recent = chats.Recent(number.Id, MostListed);
        var silent = customers.Kept.Where(customer => recent.All(chat => chat.Customer != customer));
        return recent.Concat(silent.Select(customer => chats.Between(number, customer)));
    }
}
