using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Domain.Data;
using WaMcp.Domain.Limits;

namespace WaMcp.Server.Auth;

/// <summary>Who is calling, in this scope: filled once by the request path, read by tools and audit rows.</summary>
/// <remarks>Reading <see cref="Client"/> before the caller was checked throws, so a tool that is reached some other way does nothing.</remarks>
internal sealed class Caller
{
    private ClientContext? client;
    private Func<CancellationToken, Task<ClientContext?>>? confirmAsync;

    /// <summary>Shared by all audit rows of the request, and by the rows of what it causes.</summary>
    public string RequestId { get; } = TypedId.New<RequestId>().ToString();

    public string? Ip { get; set; }

    public string? UserAgent { get; set; }

    /// <summary>How the request came, for audit rows; null over HTTP, which is the rule.</summary>
    public string? Transport { get; set; }

    /// <summary>What is left of the per-minute budget after this call; null where there is no limit.</summary>
    public RateDecision? Limit { get; set; }

    public bool IsAuthenticated => client is not null;

    public ClientContext Client => client ?? throw new InvalidOperationException("Nobody has been authenticated in this scope.");

    /// <summary>Somebody was let in.</summary>
    /// <param name="context">Who, and what he may do.</param>
    /// <param name="confirmAsync">Looks it up once more; null when he may nothing any more.</param>
    public void Authenticated(ClientContext context, Func<CancellationToken, Task<ClientContext?>> confirmAsync) => (client, this.confirmAsync) = (context, confirmAsync);

    /// <summary>What the caller may do at this moment, which is not what it was when a long call began.</summary>
    /// <exception cref="Fault"><c>auth_failed</c>: a call that begins now would be refused.</exception>
    public async Task<ClientContext> ConfirmAsync(CancellationToken cancellationToken) =>
        await confirmAsync!(cancellationToken) ?? throw new Fault(FaultCode.AuthFailed, "The API key was taken back while the call waited.");
}
