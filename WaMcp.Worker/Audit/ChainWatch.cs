using Microsoft.Extensions.Options;
using WaMcp.Domain;
using WaMcp.Domain.Audit;

namespace WaMcp.Worker.Audit;

/// <summary>
/// Verifies every hour what was written to the audit log in the last two. From the second time on it also knows the head that it saw before.
/// </summary>
/// <param name="verify">Verifies.</param>
/// <param name="options">How often.</param>
/// <param name="clock">For the pauses.</param>
/// <param name="logger">For findings.</param>
internal sealed partial class ChainWatch(VerifyAudit verify, IOptions<NotaryOptions> options, TimeProvider clock, ILogger<ChainWatch> logger)
    : PeriodicService(clock)
{
    private AuditHead? seen;

    protected override TimeSpan Every => options.Value.CheckEvery;

    /// <summary>Verifies once.</summary>
    public async Task<AuditVerdict> RunOnceAsync(CancellationToken cancellationToken)
    {
        var order = new VerifyAudit.Order { Since = options.Value.CheckBack, IsQuick = true, Heads = seen is null ? [] : [seen] };
        var verdict = await verify.ExecuteAsync(order, null, cancellationToken);
        seen = seen is null || verdict.Head?.Number > seen.Number ? verdict.Head : seen; // a tail that was cut off stays missing
        WaMcpTelemetry.AuditChainChecked(verdict.Findings);
        if (verdict.First is { } first)
        {
            LogBroken(verdict.Findings, first.Text);
        }

        return verdict;
    }

    protected override Task TurnAsync(CancellationToken cancellationToken) => RunOnceAsync(cancellationToken);

    protected override void Failed(Exception exception, bool again) => LogNotVerified(exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit log is not as it was written, in {Findings} places: {First} `admin audit verify` tells more.")]
    private partial void LogBroken(long findings, string first);

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit log could not be verified.")]
    private partial void LogNotVerified(Exception exception);
}
