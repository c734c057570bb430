using Microsoft.Extensions.Options;
using WaMcp.Domain;
using WaMcp.Domain.Jobs;

namespace WaMcp.Worker.Jobs;

/// <summary>What becomes of a job that threw: it is put off, and in the end given up.</summary>
/// <param name="queue">Where it goes back to.</param>
/// <param name="options">How often.</param>
/// <param name="logger">Says what failed.</param>
internal sealed partial class JobFailures(JobQueue queue, IOptions<JobOptions> options, ILogger<JobFailures> logger)
{
    /// <summary>Puts it off, or gives it up. Never throws: a job that cannot even be put off comes back when its lease runs out.</summary>
    public async Task PutOffAsync(Job job, Exception exception)
    {
        LogFailed(exception, job.Kind, job.Id, job.Attempts);
        try
        {
            // The text of an exception may hold content; its type does not.
            var error = exception is Fault fault ? fault.PublicText : exception.GetType().Name;
            // What became of a file is a word on its message, not a dead letter: its handler says itself when it is enough.
            var planned = options.Value.RetrySchedule;
            if (job.Attempts > planned.Count && job.Kind != JobKind.FetchMedia)
            {
                await queue.BuryAsync(job, error, CancellationToken.None);
                LogBuried(job.Kind, job.Id, job.Attempts);
            }
            else
            {
                await queue.ReturnAsync(job, planned[Math.Min(job.Attempts, planned.Count) - 1], error, CancellationToken.None);
            }
        }
        catch (Exception notWritten)
        {
            LogNotPutOff(notWritten, job.Id); // its lease will run out
        }
    }

    /// <summary>Says that somebody else has it by now.</summary>
    public void LeaseLost(Job job) => LogLeaseLost(job.Id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Kind} {Job} failed at attempt {Attempt} and is put off.")]
    private partial void LogFailed(Exception exception, JobKind kind, JobId job, int attempt);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Kind} {Job} failed {Attempts} times and is given up; it stays as a dead letter.")]
    private partial void LogBuried(JobKind kind, JobId job, int attempts);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease on {Job} ran out before it was done; another worker has it.")]
    private partial void LogLeaseLost(JobId job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Job} could not be put off; it comes back when its lease runs out.")]
    private partial void LogNotPutOff(Exception exception, JobId job);
}
