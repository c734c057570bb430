using System.Diagnostics;
using OpenTelemetry;

namespace WaMcp.ServiceDefaults;

/// <summary>Rewrites the URL attributes of a span before the exporter sees them.</summary>
internal sealed class UrlRedactionProcessor(IEnumerable<UrlRedaction> redactions) : BaseProcessor<Activity>
{
    // https://opentelemetry.io/docs/specs/semconv/http/http-spans/
    private static readonly string[] UrlTags = ["url.full", "url.path", "url.query"];

    private readonly UrlRedaction[] redactions = [.. redactions];

    public override void OnEnd(Activity data)
    {
        data.SetTag("url.query", null);
        foreach (var tag in UrlTags)
        {
            if (data.GetTagItem(tag) is string url)
            {
                data.SetTag(tag, redactions.Aggregate(url, (redacted, redaction) => redaction.Apply(redacted)));
            }
        }
    }
}
