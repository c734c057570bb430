namespace WaMcp.Sandbox.WhatsApp.Graph;

/// <summary>What Meta calls an error code, and the HTTP status it answers it with.</summary>
internal readonly record struct GraphError(int Code, int HttpStatus, string Title, string Details);

/// <summary>
/// The error codes of the Cloud API, https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes.
/// Titles and details are what a person needs to recognise them; programs must look at the code alone.
/// </summary>
internal static class GraphErrors
{
    private static readonly Dictionary<int, GraphError> Known = new GraphError[]
    {
        new(0, 401, "AuthException", "The app user could not be authenticated. Get a new access token."),
        new(1, 400, "API Unknown", "Invalid request or possible server error."),
        new(2, 503, "API Service", "Temporary, due to downtime or overload."),
        new(3, 500, "API Method", "Capability or permissions issue."),
        new(4, 400, "API Too Many Calls", "The app has reached its API call rate limit."),
        new(10, 403, "Permission Denied", "Permission is either not granted or has been removed."),
        new(33, 400, "Parameter value is not valid", "The business phone number has been deleted."),
        new(100, 400, "Invalid parameter", "The request has an unsupported or misspelled parameter."),
        new(104, 401, "An access token is required to request this resource", "Send the header Authorization: Bearer <token>."),
        new(190, 401, "Invalid OAuth access token", "The access token has expired or was revoked."),
        new(200, 403, "API Permission", "Permission is either not granted or has been removed."),
        new(368, 403, "Temporarily blocked for policies violations", "The account has been restricted for violating a policy."),
        new(2200, 400, "Callback verification failed", "The callback did not answer with hub.challenge."),
        new(2500, 400, "Unknown path components", "There is nothing at this path."),
        new(80007, 400, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."),
        new(130403, 400, "User has blocked the business", "The customer has blocked this business number."),
        new(130429, 400, "Rate limit hit", "Cloud API message throughput has been reached."),
        new(130472, 400, "User's number is part of an experiment", "Message was not sent as part of an experiment."),
        new(130497, 403, "Business account is restricted from messaging users in this country.", "The country is restricted."),
        new(130501, 400, "Message type is not supported for groups", "This message cannot be sent to a group."),
        new(131000, 500, "Something went wrong", "Message failed to send due to an unknown error."),
        new(131005, 403, "Access denied", "Permission is either not granted or has been removed."),
        new(131008, 400, "Required parameter is missing", "The request is missing a required parameter."),
        new(131009, 400, "Parameter value is not valid", "One or more parameter values are invalid."),
        new(131016, 500, "Service unavailable", "A service is temporarily unavailable."),
        new(131020, 400, "Group is invalid", "The group does not exist or cannot be used."),
        new(131021, 400, "Recipient cannot be sender", "Sender and recipient phone number are the same."),
        new(131026, 400, "Message undeliverable", "The recipient cannot receive this message."),
        new(131031, 403, "Account has been locked", "The account has been restricted or disabled."),
        new(131037, 400, "Display name approval needed", "The phone number needs an approved display name."),
        new(131042, 400, "Business eligibility payment issue", "There is a problem with the payment method."),
        new(131045, 500, "Incorrect certificate", "Message failed to send due to a phone number registration error."),
        new(131047, 400, "Re-engagement message", "More than 24 hours have passed since the customer last replied to this number."),
        new(131048, 400, "Spam rate limit hit", "There are restrictions on how many messages this number can send."),
        new(131049, 400, "Meta chose not to deliver", "Message was not delivered to maintain healthy ecosystem engagement."),
        new(131050, 400, "User stopped marketing messages", "The recipient has chosen to stop receiving marketing messages."),
        new(131051, 400, "Unsupported message type", "Message type is currently not supported."),
        new(131052, 400, "Media download error", "The media sent by the user could not be downloaded."),
        new(131053, 400, "Media upload error", "The media used in the message could not be uploaded."),
        new(131056, 400, "(Business Account, Consumer Account) pair rate limit hit", "Too many messages to the same recipient."),
        new(131057, 500, "Account in maintenance mode", "The business account is in maintenance mode."),
        new(131062, 400, "Recipient by user id is not supported", "This message needs the recipient's phone number."),
        new(131063, 400, "Marketing templates disabled", "Marketing templates are disabled for Cloud API on this account."),
        new(131064, 400, "Messaging limit reduced", "The messaging limit was reduced by a template's classification."),
        new(131208, 429, "Too many group operations", "The group operation limit has been reached."),
        new(132000, 400, "Number of parameters does not match the expected number of params", "The parameter count is wrong."),
        new(132001, 404, "Template name does not exist in the translation", "The template does not exist or is not approved."),
        new(132005, 400, "Translated text too long", "The hydrated text is too long."),
        new(132007, 400, "Template format character policy violated", "Template content violates a WhatsApp policy."),
        new(132012, 400, "Parameter format does not match format in the created template", "Parameter values are formatted incorrectly."),
        new(132015, 400, "Template is paused", "The template is paused due to low quality."),
        new(132016, 400, "Template is disabled", "The template has been paused too often and is disabled."),
        new(132068, 400, "Flow is blocked", "The flow is in blocked state."),
        new(132069, 400, "Flow is throttled", "The flow is in throttled state."),
        new(133004, 503, "Server temporarily unavailable", "The server is temporarily unavailable."),
        new(133005, 400, "Two-step verification PIN mismatch", "The two-step verification PIN is incorrect."),
        new(133010, 400, "Account not registered", "The phone number is not registered on the WhatsApp Business Platform."),
        new(133016, 400, "Account register deregister rate limit exceeded", "Too many registration attempts."),
        new(134011, 400, "WhatsApp payments terms of service have not been accepted", "Accept the payments terms of service."),
        new(135000, 400, "Generic user error", "Message failed to send because of an unknown error with the request parameters."),
        new(137000, 400, "Identity key hash mismatch", "recipient_identity_key_hash does not match the recipient's."),
        new(139200, 400, "Direct Send is blocked", "Direct Send is blocked for this account."),
    }.ToDictionary(error => error.Code);

    /// <summary>The meaning of a code; a code this list does not know is a plain 400, as Meta's own newcomers are.</summary>
    public static GraphError Of(int code) =>
        Known.TryGetValue(code, out var error) ? error : new GraphError(code, 400, "Request failed", $"Error {code}.");
}
