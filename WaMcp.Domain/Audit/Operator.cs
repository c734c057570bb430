namespace WaMcp.Domain.Audit;

/// <summary>Who works at the console, for the audit rows of what they change.</summary>
/// <param name="Name">The operating system's user.</param>
/// <param name="RequestId">One id for everything that one command does.</param>
/// <param name="Tell">Takes a line about what the operator is waiting for.</param>
public sealed record Operator(string Name, string RequestId, Action<string>? Tell = null);
