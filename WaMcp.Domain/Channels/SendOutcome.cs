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
    /// <param name="OptedOut">Whether the person wants no more marketing.</param>
    /// <param name="MediaInDoubt">Whether it may be because the provider no longer has a file that was uploaded.</param>
    public sealed record Refused(string Code, string Text, bool OptedOut = false, bool MediaInDoubt = false) : SendOutcome;

    /// <summary>The provider did not take it and may do so later.</summary>
    /// <param name="Code">The reason word, with the provider's code.</param>
    /// <param name="Text">What the client should know if it stays so.</param>
    /// <param name="Waits">How long to wait, attempt by attempt.</param>
    /// <param name="RetryAfter">How long the provider asked us to wait.</param>
    /// <param name="WholeNumber">Whether the channel sends nothing at all until then.</param>
    /// <param name="WholePair">Whether the channel sends the person nothing at all until then.</param>
    public sealed record Postponed(
        string Code, string Text, IReadOnlyList<TimeSpan> Waits, TimeSpan? RetryAfter = null, bool WholeNumber = false, bool WholePair = false) : SendOutcome
    {
        /// <summary>How long to wait after so many attempts: by the schedule, or longer if the provider asked for that; null when there is no hope left.</summary>
        public TimeSpan? WaitAfter(int attempts) => attempts > Waits.Count ? null : RetryAfter > Waits[attempts - 1] ? RetryAfter : Waits[attempts - 1];
    }

    /// <summary>The provider refused the channel, not the message: nothing can be sent until an operator has acted.</summary>
    /// <param name="Code">The reason word, with the provider's code.</param>
    /// <param name="Text">What the operator should know.</param>
    public sealed record Stopped(string Code, string Text) : SendOutcome;

    /// <summary>Nothing left, for a reason of ours: it is tried again at once, as if it had not been taken.</summary>
    /// <param name="Code">The reason word.</param>
    public sealed record NotSent(string Code) : SendOutcome;

    /// <summary>The request may have left, and no answer says what became of it.</summary>
    /// <param name="Text">What happened.</param>
    public sealed record Unknown(string Text) : SendOutcome;
}
