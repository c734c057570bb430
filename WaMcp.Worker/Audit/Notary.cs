using Microsoft.Extensions.Options;
using WaMcp.Domain;
using WaMcp.Domain.Audit;

namespace WaMcp.Worker.Audit;

/// <summary>
/// Seals what was written to the audit log, every second, once across all workers. At most once a minute it logs the chain's head: whoever
/// keeps the logs elsewhere can prove by it that nothing was cut off or written anew.
/// </summary>
/// <param name="seal">Makes a seal.</param>
/// <param name="options">How often.</param>
/// <param name="clock">For the pauses.</param>
/// <param name="logger">For heads and failures.</param>
internal sealed partial class Notary(SealAudit seal, IOptions<NotaryOptions> options, TimeProvider clock, ILogger<Notary> logger)
    : PeriodicService(clock)
{
    private static readonly TimeSpan HeadEvery = TimeSpan.FromMinutes(1);

    private long? toldAt;

    protected override TimeSpan Every => options.Value.SealEvery;

    /// <summary>Seals whatever waits.</summary>
    /// <returns>How many batches.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var batches = 0;
        AuditSeal? last = null;
        while (await seal.ExecuteAsync(cancellationToken) is { } made)
        {
            (last, batches) = (made, batches + made.Batches);
        }

        WaMcpTelemetry.AuditNotSealed(await seal.WaitingAsync(cancellationToken));
        if (last is not null && (toldAt is not { } told || Clock.GetElapsedTime(told) >= HeadEvery))
        {
            toldAt = Clock.GetTimestamp();
            LogHead(last.Head);
        }

        return batches;
    }

    protected override Task TurnAsync(CancellationToken cancellationToken) => RunOnceAsync(cancellationToken);

    protected override void Failed(Exception exception, bool again)
    {
        if (!again)
        {
            LogNotSealed(exception); // said once; the gauge stands still meanwhile
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The audit chain's head is {Head}.")]
    private partial void LogHead(AuditHead head);

    [LoggerMessage(Level = LogLevel.Error, Message = "Audit batches cannot be sealed.")]
    private partial void LogNotSealed(Exception exception);
}
