using WaMcp.Domain;

namespace WaMcp.Admin.Output;

/// <summary>What the console tells the shell; <c>admin --help</c> and docs/components/admin-cli.md say the same.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int InvalidInput = 2;
    public const int NotFound = 3;
    public const int Conflict = 4;

    /// <summary>A verification found something wrong.</summary>
    public const int Found = 5;

    /// <summary>What shells use for a program that SIGINT ended.</summary>
    public const int Interrupted = 130;

    public static int Of(FaultCode code) =>
        code == FaultCode.InvalidInput ? InvalidInput
        : code == FaultCode.NotFound ? NotFound
        : code == FaultCode.Conflict ? Conflict
        : Failed;
}
