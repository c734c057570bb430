namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>
/// Meta's error codes as data (https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes). Only the code decides,
/// never the title, which Meta changes.
/// </summary>
public static class WhatsAppErrors
{
    private static readonly Dictionary<int, (string Reason, string Text)> Permanent = new()
    {
        [0] = ("credential_invalid", "The channel's access token is not valid. The operator must renew it."),
        [190] = ("credential_invalid", "The channel's access token is not valid. The operator must renew it."),
        [368] = ("policy_blocked", "The provider blocked the account for a policy violation. The operator must act."),
        [131005] = ("permission_missing", "The channel's credential may not send. The operator must act."),
        [131021] = ("invalid_recipient", "The recipient is the sending number itself."),
        [131026] = ("undeliverable", "The message cannot be delivered to this person: not on WhatsApp, an old app, or it refuses the sender."),
        [131030] = ("invalid_recipient", "The recipient is not on the allow-list of this test number."),
        [131031] = ("policy_blocked", "The provider locked the account. The operator must act."),
        [131047] = ("window_closed", "The person last wrote more than 24 hours ago. Only a template can be sent until they write again."),
        [131049] = ("engagement_limit", "The provider withheld a marketing message. Do not retry for 24 hours."),
        [131050] = ("opted_out", "The person stopped marketing messages. Do not send more of them."),
        [131051] = ("unsupported_type", "The provider does not support this kind of message."),
        [132000] = ("template_mismatch", "The number of parameters is not the template's."),
        [132001] = ("template_missing", "There is no such template in that language, or it is not approved."),
    };

    private static readonly HashSet<int> Temporary =
        [1, 2, 4, 80007, 130429, 131000, 131016, 131048, 131056, 131057, 133004, 133016, 135000];

    /// <summary>Whether the provider may take the same message later.</summary>
    public static bool IsTemporary(int code) => Temporary.Contains(code);

    /// <summary>Whether the code, on a server error, leaves open if the message went out: generic failures inside the provider.</summary>
    public static bool MayHaveBeenSent(int code) => code is 1 or 2 or 131000;

    /// <summary>The reason word with the code, and a sentence for the client.</summary>
    public static (string Code, string Text) Describe(int code)
    {
        var (reason, text) = Permanent.TryGetValue(code, out var known)
            ? known
            : IsTemporary(code)
                ? ("provider_busy", "The provider cannot take the message at the moment.")
                : ("provider_refused", "The provider refused the message.");
        return ($"{reason}:{code}", text);
    }
}
