using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Access;

namespace WaMcp.Admin.Keys;

/// <summary><c>admin keys revoke</c>.</summary>
internal sealed class RevokeKeyCommand : ConsoleCommand
{
    private readonly Argument<string> key = KeyArgument.Create();

    public RevokeKeyCommand()
        : base("revoke", "Revoke a key, from the next request on. It cannot be undone; mint another.", "admin keys revoke abcdefghijkl") => Add(key);

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var revoked = await run.Get<RevokeKey>().ExecuteAsync(run.Required(key), cancellationToken);
        run.Report.Note($"The key {revoked.Prefix} is refused from now on, and what it queued is not sent.");
        run.Report.Show(await KeyRows.OfAsync(run, revoked, cancellationToken));
    }
}
