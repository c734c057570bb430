using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Inbox;

/// <summary>Finds the stored delivery that an operator means.</summary>
/// <param name="context">The database.</param>
public sealed class FindDelivery(WaMcpDbContext context)
{
    /// <summary>The delivery.</summary>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<WebhookEvent> ExecuteAsync(string reference, CancellationToken cancellationToken) =>
        (TypedId.TryParse<WebhookEventId>(reference, out var id)
            ? await context.WebhookEvents.AsNoTracking().SingleOrDefaultAsync(candidate => candidate.Id == id, cancellationToken)
            : null)
        ?? throw Fault.NotFound("delivery", reference, "`admin inbound list` shows them. They are kept for seven days.");
}
