namespace WaMcp.Domain.Messages;

/// <summary>What a message is for, in the terms of which providers price it. What was billed in the end is <see cref="Message.PricingCategory"/>.</summary>
public enum MessageCategory
{
    /// <summary>An answer within a conversation that the contact began.</summary>
    Service,

    /// <summary>About something the contact ordered or asked for.</summary>
    Utility,

    /// <summary>A code that proves who somebody is.</summary>
    Authentication,

    /// <summary>Everything else: what the contact can say no to.</summary>
    Marketing,
}
