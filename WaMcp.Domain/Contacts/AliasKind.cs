namespace WaMcp.Domain.Contacts;

/// <summary>What a <see cref="ContactAlias"/> is.</summary>
public enum AliasKind
{
    /// <summary>The provider's id for a person.</summary>
    User,

    /// <summary>A phone number.</summary>
    Phone,
}
