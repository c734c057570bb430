using static WaMcp.Domain.Channels.WhatsApp.WhatsAppErrorClass;

namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>
/// Meta's error codes as data (https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes). Only the code decides,
/// never the title, which Meta changes.
/// </summary>
public static class WhatsAppErrors
{
    private const string Operator = "The operator must act; the message is sent once the number is resumed.";
    private const string AskOperator = "Ask the operator to look at the channel's permissions.";
    private const string Later = "Nothing to do: it is tried again by itself.";
    private const string FixInput = "Correct the message and send it as a new one.";
    private const string FixTemplate = "Choose another template, or ask the operator to mend this one.";
    private const string NotAgain = "Do not send it again.";
    private const string NoGroups = "Send to a person instead.";

    private static readonly WhatsAppError Permission =
        new(Permanent, "permission_missing", "The channel's app may not do this.", AskOperator);

    private static readonly WhatsAppError Busy =
        new(Retry, "provider_busy", "The provider cannot take the message at the moment.", Later, RetrySchedule.Usual);

    private static readonly WhatsAppError Failing = Busy with { Class = RetryOrUnknown };

    private static readonly WhatsAppError BadInput =
        new(Permanent, "invalid_message", "The provider does not accept a parameter of the message.", FixInput);

    private static readonly WhatsAppError Token = new(StopNumber, "credential_invalid", "The channel's access token is not valid.", Operator);

    /// <summary>The proof of the app's secret was refused: nothing is wrong with the message, and nothing can be sent until an operator has acted.</summary>
    public static readonly WhatsAppError Proof = new(StopNumber, "credential_invalid", "The channel's app secret is not the one that the provider knows.", Operator);

    private static readonly WhatsAppError Blocked = new(StopNumber, "policy_blocked", "The provider blocked or restricted the account.", Operator);

    private static readonly WhatsAppError Group = new(Permanent, "group_refused", "The provider refused the message to a group.", NoGroups);

    private static readonly WhatsAppError Template = new(Permanent, "template_refused", "The provider refused the template.", FixTemplate);

    private static readonly WhatsAppError Other =
        new(Permanent, "provider_refused", "The provider refused the message.", "Ask the operator what the provider's code means.");

    private static readonly Dictionary<int, WhatsAppError> Known = new()
    {
        [0] = Token,
        [1] = Failing,
        [2] = Failing,
        [3] = Permission,
        [4] = Busy with { Waits = RetrySchedule.Hours },
        [10] = Permission,
        [33] = BadInput,
        [100] = BadInput,
        [190] = Token,
        [368] = Blocked,
        [80007] = Busy with { Waits = RetrySchedule.Hours },
        [130403] = new(Permanent, "user_blocked", "The business has blocked this person.", "Ask the operator to unblock them first."),
        [130429] = Busy,
        [130472] = new(Permanent, "experiment", "The provider withholds messages to this person as part of an experiment.", NotAgain),
        [130497] = new(Permanent, "country_restricted", "The account may not message people in this country.", "Ask the operator whether the restriction can be lifted."),
        [130501] = Group,
        [131000] = Failing,
        [131005] = new(StopNumber, "permission_missing", "The channel's credential may not send.", Operator),
        [131008] = BadInput,
        [131009] = BadInput,
        [131016] = Failing,
        [131020] = Group,
        [131021] = new(Permanent, "invalid_recipient", "The recipient is the sending number itself.", "Choose another recipient."),
        [131026] = new(
            Permanent, "undeliverable", "The message cannot be delivered to this person: not on WhatsApp, an old app, or it refuses the sender.", "Reach the person in another way."),
        [131030] = new(
            Permanent, "invalid_recipient", "The recipient is not on the allow-list of this test number.", "Ask the operator to add the recipient to the list."),
        [131031] = Blocked,
        [131037] = new(StopNumber, "display_name_missing", "The number's display name is not approved.", Operator),
        [131041] = Group,
        [131042] = new(StopNumber, "payment_missing", "The account's payment method does not work.", Operator),
        [131045] = new(StopNumber, "not_registered", "The number's certificate is not valid.", Operator),
        [131047] = new(
            Permanent, "window_closed", "The person last wrote more than 24 hours ago.", "Only a template can be sent until they write again; list_templates shows them."),
        [131048] = new(
            PauseNumber, "spam_limit", "The provider slows the number down because people complained about its messages.", Later, RetrySchedule.LongPause),
        [131049] = new(Permanent, "engagement_limit", "The provider withheld a marketing message.", "Do not try again for 24 hours."),
        [131050] = new(OptOut, "opted_out", "The person stopped marketing messages.", "Do not send more of them."),
        [131051] = new(Permanent, "unsupported_type", "The provider does not support this kind of message.", FixInput),
        [131052] = new(
            Permanent, "media_unreadable", "The provider could not read the media, also when it got it anew.", "Pass the file again in a new message."),
        [131053] = new(Permanent, "media_refused", "The provider could not take the media: it may be of another type than it says, or too large.", FixInput),
        [131056] = Busy with { Class = RetryPair, Reason = "pair_limit", Text = "Too many messages to this person in a short time.", Waits = RetrySchedule.Pair },
        [131057] = Failing,
        [131062] = new(Permanent, "phone_needed", "This message can only be sent to a phone number.", "Send it to the person's phone number, or ask for it first."),
        [131063] = new(Permanent, "marketing_disabled", "Marketing templates are disabled on this account.", FixTemplate),
        [131064] = new(StopNumber, "limit_reduced", "The provider reduced the number's messaging limit because of its templates.", Operator),
        [131201] = Group,
        [131204] = Group,
        [131207] = Group,
        [131208] = Busy,
        [132000] = new(Permanent, "template_mismatch", "The number of parameters is not the template's.", FixInput),
        [132001] = new(Permanent, "template_missing", "There is no such template in that language, or it is not approved.", FixTemplate),
        [132005] = new(Permanent, "template_too_long", "The template's text is too long with these parameters.", FixInput),
        [132007] = Template,
        [132012] = new(Permanent, "template_mismatch", "A parameter is not of the format that the template wants.", FixInput),
        [132015] = Template with { Reason = "template_paused", Text = "The template is paused: people complained about it." },
        [132016] = Template with { Reason = "template_disabled", Text = "The template is disabled." },
        [132068] = Template with { Reason = "flow_blocked", Text = "The template's flow is blocked." },
        [132069] = Template with { Reason = "flow_throttled", Text = "The template's flow may only be sent ten times an hour." },
        [133004] = Failing,
        [133010] = new(StopNumber, "not_registered", "The number is not registered.", Operator),
        [133016] = Busy with { Waits = RetrySchedule.Hours },
        [134011] = new(Permanent, "payment_terms", "The terms of WhatsApp payments were not accepted.", "Ask the operator to accept them."),
        [135000] = Failing,
        [137000] = new(Permanent, "identity_changed", "The person's identity has changed.", "Somebody must check that it is still the same person."),
        [139200] = new(Permanent, "direct_send_blocked", "Messages without a template are blocked for this account.", "Send an approved template instead."),
    };

    /// <summary>What a code means; one that Meta has added since is a permanent refusal.</summary>
    public static WhatsAppError Of(int code) =>
        Known.TryGetValue(code, out var error) ? error : code is >= 200 and <= 299 ? Permission : Other;

    /// <summary>Whether the provider may say this of a message because it forgot a file that the message names; it has no code of its own for that.</summary>
    public static bool MayMeanMedia(int code) => code is 100 or 131009 or 131052 or 131053;

    /// <summary>The reason word with the code, and what the client should know and do.</summary>
    public static (string Code, string Text) Describe(int code)
    {
        var error = Of(code);
        return ($"{error.Reason}:{code}", $"{error.Text} {error.NextAction}");
    }
}
