namespace WaMcp.Domain.Templates;

/// <summary>A button of a template or of one of its cards.</summary>
/// <param name="Type">QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, OTP, FLOW, CATALOG, MPM, …, or what the provider has added since.</param>
/// <param name="Text">What it says.</param>
/// <param name="Url">Where it leads; with a gap at its end, a message brings the ending.</param>
public sealed record TemplateButton(string Type, string Text, string? Url)
{
    /// <summary>Whether a message must bring something for it.</summary>
    public bool IsNeeded => Type is "OTP" or "COPY_CODE" or "MPM" or "ORDER_DETAILS" || HasGap;

    /// <summary>Whether it is known what a message must bring for it.</summary>
    public bool IsKnown => Takes is not null || Type is "URL" or "PHONE_NUMBER" or "SPM" or "REQUEST_CONTACT_INFO";

    /// <summary>Whether what it takes is an object as Meta writes it.</summary>
    public bool TakesAction => Type is "FLOW" or "CATALOG" or "MPM" or "ORDER_DETAILS";

    /// <summary>What a message can bring for it, in words for callers; null when nothing.</summary>
    public string? Takes => Type switch
    {
        "QUICK_REPLY" => "a value: what comes back when it is tapped",
        "URL" when HasGap => "a value: the ending of its address",
        "OTP" => "a value: the code; the first gap of body unless told",
        "COPY_CODE" => "a value: the code to copy, up to 15 characters",
        "VOICE_CALL" => "a value, ttlMinutes or both: what comes back with the call, and how long the button works",
        "FLOW" => "an action: {flow_token, flow_action_data}",
        "CATALOG" => "an action: {thumbnail_product_retailer_id}",
        "MPM" => "an action: {thumbnail_product_retailer_id, sections: [{title, product_items: [{product_retailer_id}]}]}, with up to 10 sections and 30 products",
        "ORDER_DETAILS" => "an action: {order_details}, as Meta's reference of payments has it",
        _ => null,
    };

    private bool HasGap => Type == "URL" && Url?.Contains("{{", StringComparison.Ordinal) == true;
}
