using System.CommandLine;

namespace WaMcp.Admin.DeadLetters;

/// <summary>The dead letter that a command is about.</summary>
internal static class DeadLetterArgument
{
    public static Argument<string> Create() => new("job") { Description = "The job's id (job_…)." };
}
