using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain;
using WaMcp.Domain.Data;
using WaMcp.Domain.Endpoints;
using WaMcp.Domain.Jobs;
using WaMcp.Worker.Jobs;

namespace WaMcp.Worker.Outgoing;

/// <summary>
/// Tells one endpoint one event: reads what there is to tell, posts it with no transaction open, and writes down what became of it. Whoever dies
/// between the last two leaves the job to come back: the receiver gets the event a second time, with the same id.
/// </summary>
/// <param name="context">The client's data.</param>
/// <param name="bodies">Says what to tell.</param>
/// <param name="post">Posts it.</param>
/// <param name="queue">Where jobs go back to.</param>
/// <param name="box">Opens secrets.</param>
/// <param name="stop">Switches an endpoint off.</param>
/// <param name="clock">Stamps attempts.</param>
/// <param name="logger">Says what is given up.</param>
internal sealed partial class NotifyEndpoint(
    WaMcpDbContext context, EventBody bodies, PostEvent post, JobQueue queue, SecretBox box, StopEndpoint stop, TimeProvider clock, ILogger<NotifyEndpoint> logger)
    : IJobHandler
{
    private const int Gone = 410;

    // Successes need no more: a row that changes with every event would be the queue of all of them.
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    public JobKind Kind => JobKind.Notify;

    public async Task HandleAsync(Job job, CancellationToken cancellationToken)
    {
        var happened = EndpointEvent.Parse(job.Event!);
        var isTest = happened.Type == EndpointEvent.EndpointTest;
        var endpoint = await context.Endpoints.AsNoTracking().SingleAsync(candidate => candidate.Id == job.EndpointId, cancellationToken);
        if (!isTest && endpoint is { DisabledAt: null, HoldUntil: { } until } && until > clock.GetUtcNow())
        {
            await queue.PutBackAsync([job], until - clock.GetUtcNow(), "the receiver asked to wait", cancellationToken);
            return;
        }

        var body = endpoint.DisabledAt is null || isTest ? await bodies.MakeAsync(job, happened, cancellationToken) : null;
        if (body is null)
        {
            await context.Database.OpenConnectionAsync(cancellationToken);
            await JobQueue.CompleteAsync((NpgsqlConnection)context.Database.GetDbConnection(), job, cancellationToken);
            WaMcpTelemetry.EndpointTold("dropped");
            return;
        }

        var answer = await post.ExecuteAsync(endpoint.Url, Headers(endpoint, happened.IdAt(endpoint.Id, job.SubjectId), body), body, cancellationToken);
        WaMcpTelemetry.EndpointTold(answer.Outcome);
        await SettleAsync(job, endpoint, answer, isTest, cancellationToken);
    }

    private Dictionary<string, string> Headers(Domain.Endpoints.Endpoint endpoint, string id, byte[] body)
    {
        var now = clock.GetUtcNow();
        var secrets = endpoint.PreviousSecretUntil > now ? new[] { endpoint.SecretSealed, endpoint.PreviousSecretSealed! } : [endpoint.SecretSealed];
        return new()
        {
            ["webhook-id"] = id,
            ["webhook-timestamp"] = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            ["webhook-signature"] = string.Join(' ', secrets.Select(each => new EndpointSecret(box.Open(each, Domain.Endpoints.Endpoint.SecretPurpose(endpoint.Id))).Sign(id, now, body))),
        };
    }

    private async Task SettleAsync(Job job, Domain.Endpoints.Endpoint endpoint, PostEvent.Answer answer, bool isTest, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        if (answer.Error is not { } error)
        {
            await JobQueue.CompleteAsync(connection, job, cancellationToken);
            await TookAsync(endpoint.Id, answer, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return;
        }

        var failingSince = await RefusedAsync(endpoint.Id, answer, isTest, cancellationToken);
        var reason = isTest ? null
            : answer.Status == Gone ? StopEndpoint.Gone
            : clock.GetUtcNow() - failingSince >= EndpointOptions.GiveUpAfter ? StopEndpoint.Failing
            : null;
        if (reason is not null)
        {
            await JobQueue.CompleteAsync(connection, job, cancellationToken);
            await stop.ExecuteAsync(endpoint, reason, cancellationToken);
        }
        else if (!isTest && job.Attempts <= EndpointOptions.RetrySchedule.Count)
        {
            await HeldJobs.ReturnAsync(connection, [new(job, Wait(job, answer), error, Counts: true)], cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        if (isTest || (reason is null && job.Attempts > EndpointOptions.RetrySchedule.Count))
        {
            await queue.BuryAsync(job, error, cancellationToken);
            LogGivenUp(job.Id, endpoint.Id, job.Attempts);
        }
    }

    // A little more than the schedule says, so that what failed together does not come back together.
    private static TimeSpan Wait(Job job, PostEvent.Answer answer)
    {
        var planned = EndpointOptions.RetrySchedule[job.Attempts - 1] * (1 + (Random.Shared.NextDouble() / 10));
        return answer.RetryAfter > planned ? answer.RetryAfter.Value : planned;
    }

    private Task<int> TookAsync(EndpointId id, PostEvent.Answer answer, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var stale = now - Fresh;
        return context.Endpoints
            .Where(endpoint => endpoint.Id == id && (endpoint.LastSuccessAt == null || endpoint.LastSuccessAt < stale || endpoint.FailingSince != null))
            .ExecuteUpdateAsync(
                set => set.SetProperty(endpoint => endpoint.LastSuccessAt, (DateTimeOffset?)now).SetProperty(endpoint => endpoint.LastStatus, answer.Status)
                    .SetProperty(endpoint => endpoint.LastError, (string?)null).SetProperty(endpoint => endpoint.FailingSince, (DateTimeOffset?)null),
                cancellationToken);
    }

    private async Task<DateTimeOffset> RefusedAsync(EndpointId id, PostEvent.Answer answer, bool isTest, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        DateTimeOffset? hold = answer.RetryAfter is { } wait ? now + wait : null;
        DateTimeOffset? since = isTest ? null : now; // a test that fails is no event that was missed
        await context.Endpoints.Where(endpoint => endpoint.Id == id).ExecuteUpdateAsync(
            set => set.SetProperty(endpoint => endpoint.LastFailureAt, (DateTimeOffset?)now).SetProperty(endpoint => endpoint.LastStatus, answer.Status)
                .SetProperty(endpoint => endpoint.LastError, answer.Error).SetProperty(endpoint => endpoint.FailingSince, endpoint => endpoint.FailingSince ?? since)
                .SetProperty(endpoint => endpoint.HoldUntil, endpoint => endpoint.HoldUntil > hold ? endpoint.HoldUntil : hold ?? endpoint.HoldUntil),
            cancellationToken);
        return await context.Endpoints.Where(endpoint => endpoint.Id == id).Select(endpoint => endpoint.FailingSince).SingleAsync(cancellationToken) ?? now;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Job} could not tell {Endpoint} in {Attempts} attempts and is given up; it stays as a dead letter.")]
    private partial void LogGivenUp(JobId job, EndpointId endpoint, int attempts);
}
