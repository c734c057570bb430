namespace WaMcp.Sandbox.Control;

/// <summary>A fault in force; <see cref="Left"/> counts down, 0 is without end.</summary>
public sealed record FaultReport(int Id, int Left, FaultOrder Order);
