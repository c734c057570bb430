namespace WaMcp.Sandbox.Control;

/// <summary>A customer as the sandbox knows it.</summary>
public sealed record CustomerReport(string? WaId, string UserId, string Name, string? Username, bool Reachable);
