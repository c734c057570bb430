namespace WaMcp.Domain.Jobs;

/// <summary>The job's lease ran out and somebody else has it: whatever was about to be recorded must not be.</summary>
/// <param name="job">The job.</param>
public sealed class LeaseLostException(JobId job) : Exception($"The lease on {job} was lost; another worker has it.");
