namespace WaMcp.Domain.Messages;

/// <summary>The parts of a template that can be filled.</summary>
public enum TemplatePart
{
    /// <summary>What stands above.</summary>
    Header,

    /// <summary>What it says.</summary>
    Body,

    /// <summary>One of its buttons.</summary>
    Button,

    /// <summary>The offer that ends.</summary>
    Offer,
}
