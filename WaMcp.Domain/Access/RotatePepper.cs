using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Access;

/// <summary>
/// Puts a new pepper in the place of the present one. Softly: keys made under the old one work until the window ends, and each that is
/// used meanwhile is hashed under the new one. Hard: every key is dead at once.
/// </summary>
/// <param name="context">The database.</param>
/// <param name="pepper">What this program was given.</param>
/// <param name="files">Where peppers are kept.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="clock">Stamps it.</param>
public sealed class RotatePepper(WaMcpDbContext context, Pepper pepper, PepperFiles files, AuditedChange change, TimeProvider clock)
{
    /// <summary>The longest window, and the one without another word.</summary>
    public static readonly TimeSpan LongestWindow = TimeSpan.FromDays(30);

    private const long Lock = 0x5045_5050_4552; // any number that nobody else locks

    /// <summary>What a rotation did.</summary>
    /// <param name="OldPepperId">The name of the retired one.</param>
    /// <param name="NewPepperId">The name of the one in its place.</param>
    /// <param name="AcceptedUntil">When keys under the old one stop.</param>
    /// <param name="Keys">How many living keys were made under an old one.</param>
    public sealed record Rotation(string OldPepperId, string NewPepperId, DateTimeOffset AcceptedUntil, int Keys);

    /// <summary>Rotates it.</summary>
    /// <param name="window">How long the old pepper is accepted; zero for a hard rotation.</param>
    /// <param name="installed">Whether the operator has put the new files in place already, so that only the record is missing.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <exception cref="Fault">
    /// <c>invalid_input</c>; <c>conflict</c> while keys still depend on the pepper before; <c>misconfigured</c> when the files are not as they must be.
    /// </exception>
    public async Task<Rotation> ExecuteAsync(TimeSpan window, bool installed, CancellationToken cancellationToken)
    {
        if (window < TimeSpan.Zero || window > LongestWindow)
        {
            throw Fault.Invalid("window", "must be up to 30 days.", "For example 30d.");
        }

        // One at a time: the files, too, are changed.
        await context.Database.OpenConnectionAsync(cancellationToken);
        var locked = await context.Database.SqlQueryRaw<bool>($"SELECT pg_try_advisory_lock({Lock}) AS \"Value\"").SingleAsync(cancellationToken);
        try
        {
            return locked
                ? await RotateAsync(window, installed, cancellationToken)
                : throw new Fault(FaultCode.Conflict, "Another rotation of the pepper is under way.", "`admin pepper status` shows when it is done.");
        }
        finally
        {
            if (locked)
            {
                await context.Database.ExecuteSqlRawAsync($"SELECT pg_advisory_unlock({Lock})", CancellationToken.None);
            }

            await context.Database.CloseConnectionAsync();
        }
    }

    private async Task<Rotation> RotateAsync(TimeSpan window, bool installed, CancellationToken cancellationToken)
    {
        pepper.Reload();
        var now = clock.GetUtcNow();
        var isHard = window == TimeSpan.Zero;
        if (!isHard && !installed)
        {
            await RequireNoOpenWindowAsync(pepper.CurrentId, now, cancellationToken);
        }

        var (oldId, newId) = installed ? Installed() : files.Prepare(afresh: isHard);
        var keys = await context.ApiKeys.CountAsync(
            key => key.PepperId != newId && key.RevokedAt == null && (key.ExpiresAt == null || key.ExpiresAt > now), cancellationToken);
        var until = isHard ? DateTimeOffset.UnixEpoch : now + window; // over by every server's clock
        var retired = isHard ? await context.ApiKeys.Select(key => key.PepperId).Distinct().ToListAsync(cancellationToken) : [];
        foreach (var id in retired.Append(oldId).Where(id => id != newId).Distinct())
        {
            await RetireAsync(id, now, until, cancellationToken);
        }

        await change.SaveAsync(
            change.Row(AuditAction.PepperRotated),
            new() { ["old"] = oldId, ["new"] = newId, ["mode"] = isHard ? "hard" : "soft", ["acceptedUntil"] = until, ["keys"] = keys },
            await context.Clients.Select(client => client.Id).ToListAsync(cancellationToken),
            cancellationToken);
        if (!installed)
        {
            files.Switch(keepPrevious: !isHard);
        }

        return new(oldId, newId, until, keys);
    }

    private async Task RetireAsync(string id, DateTimeOffset now, DateTimeOffset until, CancellationToken cancellationToken)
    {
        if (await context.RetiredPeppers.FindAsync([id], cancellationToken) is not { } known)
        {
            context.RetiredPeppers.Add(new RetiredPepper { Id = id, RetiredAt = now, AcceptedUntil = until });
        }
        else if (until < known.AcceptedUntil)
        {
            known.AcceptedUntil = until; // a window is never lengthened
        }
    }

    private (string OldId, string NewId) Installed() => pepper.PreviousId is { } previous && previous != pepper.CurrentId
        ? (previous, pepper.CurrentId)
        : throw new Fault(
            FaultCode.Misconfigured,
            $"There is no {Pepper.PreviousSetting} beside {Pepper.Setting}.",
            "Keep the old pepper under that name on every server; then run this again.");

    // Only one pepper before the current one is kept: a second rotation would cut off whoever has not come by since the first.
    private async Task RequireNoOpenWindowAsync(string currentId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var waiting = await (
            from key in context.ApiKeys
            join each in context.RetiredPeppers on key.PepperId equals each.Id into rotations
            from retired in rotations.DefaultIfEmpty()
            where key.PepperId != currentId && (retired == null || retired.AcceptedUntil > now)
                && key.RevokedAt == null && (key.ExpiresAt == null || key.ExpiresAt > now)
            select retired == null ? (DateTimeOffset?)null : retired.AcceptedUntil).ToListAsync(cancellationToken);
        if (waiting.Contains(null))
        {
            throw new Fault(
                FaultCode.Conflict,
                $"The last rotation was never recorded, and {waiting.Count} keys depend on the pepper before.",
                "Record it with `admin pepper rotate --soft --installed`.");
        }

        if (waiting.Count > 0)
        {
            throw new Fault(
                FaultCode.Conflict,
                $"The last rotation is not over: {waiting.Count} keys still depend on the pepper before, until {waiting.Max():yyyy-MM-dd HH:mm}Z.",
                "`admin pepper status` names them. Wait, or revoke or rotate those keys.");
        }
    }
}
