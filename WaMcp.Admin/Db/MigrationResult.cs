namespace WaMcp.Admin.Db;

/// <summary>What <c>admin db migrate</c> did.</summary>
/// <param name="Applied">The migrations it applied, in order.</param>
internal sealed record MigrationResult(IReadOnlyList<string> Applied);
