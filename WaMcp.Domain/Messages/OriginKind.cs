namespace WaMcp.Domain.Messages;

/// <summary>Whose words something is.</summary>
public enum OriginKind
{
    /// <summary>A contact's.</summary>
    Contact,

    /// <summary>The provider's, or those of somebody at its account.</summary>
    Provider,

    /// <summary>Those of the advertisement or post that led a contact here.</summary>
    Advertisement,
}
