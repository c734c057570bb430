using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain;

namespace WaMcp.Admin.Output;

/// <summary>A failure as the console tells it. No text of an unexpected exception gets in: such texts can hold what was connected with.</summary>
/// <param name="Code">The machine-readable kind.</param>
/// <param name="Message">What was wrong.</param>
/// <param name="NextAction">What to do.</param>
/// <param name="Field">Which option, without its dashes.</param>
/// <param name="ExitCode">What the shell gets.</param>
internal sealed record Failure(string Code, string Message, string? NextAction, string? Field, int ExitCode)
{
    /// <summary>Finds the words for an exception.</summary>
    /// <param name="exception">What ended the command.</param>
    /// <param name="postgres">Which Postgres it talked to.</param>
    public static Failure Of(Exception exception, PostgresAddress? postgres) => Causes(exception)
        .Select(cause => cause switch
        {
            Fault fault => Of(fault),
            OperationCanceledException => new("interrupted", "Stopped before it was done.", null, null, Output.ExitCode.Interrupted),
            PostgresException refusal => Of(PostgresFault.Of(refusal, postgres)),
            NpgsqlException or TimeoutException => Of(PostgresFault.Unreachable(cause, postgres)),
            _ => null,
        })
        .FirstOrDefault(failure => failure is not null) ?? Unexpected(exception);

    private static Failure Of(Fault fault)
    {
        // The domain names the field; on the command line it is an option.
        var message = fault.Field is { } field && fault.PublicText.StartsWith($"{field}: ", StringComparison.Ordinal)
            ? $"--{fault.PublicText}"
            : fault.PublicText;
        return new(fault.Code.Reason, message, fault.NextAction, fault.Field, Output.ExitCode.Of(fault.Code));
    }

    // EF Core wraps what the driver threw, once or twice.
    private static IEnumerable<Exception> Causes(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause is InvalidOperationException or DbUpdateException ? cause.InnerException : null)
        {
            yield return cause;
        }
    }

    private static Failure Unexpected(Exception exception) => new(
        FaultCode.Internal.Reason,
        $"Something went wrong that the console does not know ({exception.GetType().Name}).",
        "Report it with the command line you used; a list command shows whether the change was made.",
        null,
        Output.ExitCode.Failed);
}
