namespace WaMcp.Sandbox.Control;

/// <summary>The messages that an inbound order has made, in order.</summary>
public sealed record InboundIds(IReadOnlyList<string> Ids);
