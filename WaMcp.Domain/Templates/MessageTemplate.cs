using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Templates;

/// <summary>One language of a text that the provider approved, or is to approve, for an account; a copy of what the provider has.</summary>
public sealed class MessageTemplate
{
    /// <summary>The provider's account: for WhatsApp the WABA.</summary>
    public required string AccountId { get; init; }

    /// <summary>What it is called.</summary>
    public required string Name { get; init; }

    /// <summary>In which language.</summary>
    public required string Language { get; init; }

    /// <summary>MARKETING, UTILITY or AUTHENTICATION, or what the provider has added since.</summary>
    public required string Category { get; set; }

    /// <summary>APPROVED, PENDING, REJECTED, PAUSED, DISABLED, or what the provider has added since.</summary>
    public required string Status { get; set; }

    /// <summary>Whether its placeholders have names instead of numbers.</summary>
    public bool HasNamedParameters { get; set; }

    /// <summary>Its parts, JSON, as the provider has them.</summary>
    public required string Components { get; set; }

    /// <summary>Whether it can be sent.</summary>
    public bool IsApproved => Status == "APPROVED";

    /// <summary>What it is for.</summary>
    public MessageCategory Purpose => Category switch
    {
        "AUTHENTICATION" => MessageCategory.Authentication,
        "UTILITY" => MessageCategory.Utility,
        _ => MessageCategory.Marketing, // also what we do not know: nobody who said no to marketing gets it
    };
}
