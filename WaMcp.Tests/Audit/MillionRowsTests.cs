using WaMcp.Domain.Audit;
using WaMcp.Tests.Admin;

namespace WaMcp.Tests.Audit;

public sealed class MillionRowsTests
{
    private const int Rows = 1_000_000;
    private const int Batch = 20_000;

    [Fact]
    public async Task AMillionUntouchedRowsAreAcceptedWithProgressShown()
    {
        var console = await AdminConsole.StartAsync();
        await using var audit = AuditDatabase.Of(console.Database);
        // What is verified is the rows; to have them sooner they do without what they need on other days.
        await audit.TamperAsync("DROP INDEX audit_log_of_client, audit_log_by_time, audit_log_of_request, audit_log_rare");
        await audit.TamperAsync("ALTER TABLE audit_log SET UNLOGGED");
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Rows / Batch),
            new ParallelOptions { MaxDegreeOfParallelism = 2 },
            async (batch, _) => await audit.FlushAsync([.. Enumerable.Range(batch * Batch, Batch).Select(Record)]));
        await audit.SealAsync();

        var run = await console.RunAsync("audit", "verify");

        run.ExitCode.ShouldBe(0, run.Out + run.Err);
        run.Lines[0].ShouldBe("The audit log is as it was written.");
        run.Lines[1].ShouldStartWith("Looked at 1,000,000 rows in 50 batches and 2 seals. ");
        run.ErrLines.Length.ShouldBe(20);
        run.ErrLines[9].ShouldBe("500,000 of about 1,000,000 rows");

        // And one byte of one of them is found.
        var id = (await audit.Database.ReadAsync<long>("UPDATE audit_log SET error_code = 'y' WHERE id = 777777 RETURNING id")).Single();
        var broken = await console.RunAsync("audit", "verify");
        broken.ExitCode.ShouldBe(5);
        broken.Lines[0].ShouldContain($"Row {id} is not what batch ");
    }

    private static AuditRecord Record(int number) => new()
    {
        Action = AuditAction.ToolCalled,
        Ts = DateTimeOffset.UnixEpoch.AddYears(56).AddMilliseconds(number),
        RequestId = $"req_{number}",
        ToolName = "get_messages",
        ErrorCode = "x",
        LatencyMs = number / 7.0,
    };
}
