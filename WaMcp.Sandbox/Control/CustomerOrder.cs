namespace WaMcp.Sandbox.Control;

/// <summary><c>POST /control/whatsapp/customers</c>: adds a customer or changes one. Members left out keep their value.</summary>
public sealed record CustomerOrder
{
    /// <summary>Phone number, with or without +; may be left out for a customer known by user id only.</summary>
    public string? WaId { get; init; }

    /// <summary>User id (BSUID); made up from the phone number when left out.</summary>
    public string? UserId { get; init; }

    public string? Name { get; init; }

    public string? Username { get; init; }

    /// <summary>False: messages to this customer fail with 131026.</summary>
    public bool? Reachable { get; init; }

    /// <summary>Opens (true) or closes (false) the 24-hour window with every number, without a message.</summary>
    public bool? WindowOpen { get; init; }
}
