using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Accounts;

namespace WaMcp.Sandbox.WhatsApp.Webhooks;

/// <summary>What a change of the envelope is made of; updates of one kind and number share a change.</summary>
internal enum UpdateKind
{
    Messages,
    SystemMessages,
    Statuses,
    Account,
}

/// <summary>One thing to tell the callback: a message, a status, a change of the account.</summary>
internal abstract class WebhookUpdate(BusinessAccount account, BusinessNumber? number, Customer? customer)
{
    public BusinessAccount Account { get; } = account;

    public BusinessNumber? Number { get; } = number;

    /// <summary>Who it is about; listed in the change's contacts.</summary>
    public Customer? Customer { get; } = customer;

    public abstract UpdateKind Kind { get; }

    public virtual string Field => "messages";

    /// <summary>The business does not learn the customer's phone number from this update.</summary>
    public bool HidesNumber { get; init; }

    /// <summary>Failed statuses come without contacts.</summary>
    public virtual bool ShowsContact => Customer is not null;

    public DateTimeOffset Due { get; set; }

    /// <summary>Updates about the same chat take the same lane, so they leave in order.</summary>
    public int Lane(int lanes) => (int)((uint)HashCode.Combine(Number?.Id, Customer?.UserId) % (uint)lanes);

    public abstract void Write(Utf8JsonWriter writer);

    /// <summary>Called once when the update is taken out to be posted.</summary>
    public virtual void Leaves()
    {
    }

    /// <summary>Called once when the callback has answered 200.</summary>
    public virtual void IsAccepted()
    {
    }
}
