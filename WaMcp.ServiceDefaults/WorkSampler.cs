using System.Diagnostics;
using OpenTelemetry.Trace;

namespace WaMcp.ServiceDefaults;

/// <summary>
/// Records what belongs to somebody's work. A call to a store that no request and no job caused, such as looking for due jobs, would
/// be a trace of its own many times a minute and bury the traces that tell something.
/// </summary>
internal sealed class WorkSampler : Sampler
{
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        new(samplingParameters.Kind == ActivityKind.Client ? SamplingDecision.Drop : SamplingDecision.RecordAndSample);
}
