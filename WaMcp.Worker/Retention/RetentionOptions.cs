namespace WaMcp.Worker.Retention;

/// <summary>How long things are kept (section <c>Retention</c>).</summary>
public sealed class RetentionOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Retention";

    /// <summary>
    /// Raw deliveries of providers, once they are recorded for every client they concern: Meta repeats one for as long. Nothing needs them
    /// afterwards, and no client's content may be kept for a shorter time than this.
    /// </summary>
    public static readonly TimeSpan Deliveries = TimeSpan.FromDays(7);

    /// <summary>What providers told about a channel, but for the last word about each thing.</summary>
    public static readonly TimeSpan Facts = TimeSpan.FromDays(400);

    /// <summary>Events that an endpoint never took. A replay needs no dead letter: it tells them anew.</summary>
    public static readonly TimeSpan Untold = TimeSpan.FromDays(30);

    /// <summary>What messages say, of clients that have no period of their own (<c>admin clients retention</c>).</summary>
    public TimeSpan Messages { get; set; } = TimeSpan.FromDays(90);
}
