namespace WaMcp.Domain.Channels;

/// <summary>How handing a message to the provider ended.</summary>
public abstract record SendOutcome
{
    private SendOutcome()
    {
    }

    /// <summary>The provider took it.</summary>
    /// <param name="ProviderMessageId">The provider's id of it.</param>
    /// <param name="ProviderUserId">The provider's id for the person, when it said so.</param>
    public sealed record Accepted(string ProviderMessageId, string? ProviderUserId) : SendOutcome;

    /// <summary>The provider refused and will refuse again.</summary>
    /// <param name="Code">The reason word, with the provider's code.</param>
    /// <param name="Text">What the client should know.</param>
    public sealed record Refused(string Code, string Text) : SendOutcome;

    /// <summary>The provider did not take it and may do so later.</summary>
    /// <param name="Code">The reason word, with the provider's code.</param>
    /// <param name="Text">What the client should know if it stays so.</param>
    /// <param name="RetryAfter">How long the provider asked us to wait.</param>
    public sealed record Postponed(string Code, string Text, TimeSpan? RetryAfter = null) : SendOutcome;

    /// <summary>The request may have left, and no answer says what became of it.</summary>
    /// <param name="Text">What happened.</param>
    public sealed record Unknown(string Text) : SendOutcome;
}
