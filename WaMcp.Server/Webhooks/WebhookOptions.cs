namespace WaMcp.Server.Webhooks;

/// <summary>What deliveries of providers may cost before anybody knows who sent them (section <c>Webhooks</c>).</summary>
public sealed class WebhookOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Webhooks";

    /// <summary>Bytes of deliveries that are being read at the same time, all together; of one address a quarter of it.</summary>
    public long MaxBytesOnTheirWay { get; set; } = 256L * 1024 * 1024;
}
