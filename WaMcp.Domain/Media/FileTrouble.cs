namespace WaMcp.Domain.Media;

/// <summary>Why a file that a contact sent is not here: a word for the row, a sentence for the agent.</summary>
public static class FileTrouble
{
    /// <summary>The provider has it no longer.</summary>
    public const string Gone = "gone";

    /// <summary>It is larger than the provider itself allows for its kind.</summary>
    public const string TooLarge = "too_large";

    /// <summary>Its content is not what the message says it is.</summary>
    public const string WrongType = "wrong_type";

    /// <summary>What came is not what was announced.</summary>
    public const string WrongChecksum = "wrong_checksum";

    /// <summary>The client's files take all the room they may.</summary>
    public const string QuotaFull = "quota_full";

    /// <summary>The provider does not answer, or breaks off.</summary>
    public const string ProviderAway = "provider_away";

    /// <summary>The provider refuses the channel's credential.</summary>
    public const string Credential = "credential_invalid";

    /// <summary>The provider named an address that is not one of its own.</summary>
    public const string StrangeAddress = "strange_address";

    /// <summary>The provider refused for another reason.</summary>
    public const string Refused = "refused";

    /// <summary>The channel was not the client's any more when it was to be fetched.</summary>
    public const string NoGrant = "no_grant";

    /// <summary>Trouble of ours.</summary>
    public const string Internal = "internal";

    private const string Again = "Ask the person to send it again.";
    private const string Operator = "Tell the operator.";

    /// <summary>What happened and what can be done, for the agent.</summary>
    /// <param name="word">One of the words.</param>
    /// <param name="isOver">Whether it is given up; otherwise it is tried again.</param>
    public static string Explain(string word, bool isOver) => word switch
    {
        Gone => $"The provider no longer has the file; it keeps what people send for seven days. {Again}",
        TooLarge => $"The file is larger than is allowed for its kind. {Again}",
        WrongType => "The file is not of the kind that the message says, so it was not kept. Ask the person to send it in another way.",
        WrongChecksum => $"What the provider gave is not the file that it announced. {Again}",
        QuotaFull => $"There is no room for more of your files. {Operator}",
        NoGrant => "The channel was not granted to you when the file was to be fetched.",
        _ when !isOver => "The file cannot be fetched at the moment; it is tried again. Look again later.",
        Credential => $"The provider refuses the channel's access token. {Operator}",
        StrangeAddress => $"The provider named an address that is not one of its own, so nothing was fetched. {Operator}",
        ProviderAway => $"The provider did not give the file for days. {Again}",
        _ => $"The file could not be fetched. {Again}",
    };
}
