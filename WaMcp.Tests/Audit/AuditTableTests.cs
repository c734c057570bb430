using System.Security.Cryptography;
using System.Text;
using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;

namespace WaMcp.Tests.Audit;

public sealed class AuditTableTests
{
    [Fact]
    public async Task EveryWriteLeavesABatchWithTheDigestsOfItsRows()
    {
        await using var audit = await AuditDatabase.CreateAsync();
        var nothing = new AuditRecord { Action = AuditAction.KeyUsed, Ts = DateTimeOffset.UnixEpoch };
        await audit.WriteAsync(AuditDatabase.Full(1), nothing, AuditDatabase.Full(2));
        await audit.WriteAsync(AuditDatabase.Full(3));

        var rows = await audit.RowsAsync();
        var batches = await audit.BatchesAsync();

        batches.Select(batch => batch.Count).ShouldBe([3, 1]);
        batches.ShouldAllBe(batch => batch.IsSound() && batch.Writer == null && !batch.Closing);
        batches.SelectMany(Entries).ShouldBe(rows.Select(row => (row.Id, Convert.ToHexString(row.Digest()))));
        rows.Select(row => row.RequestId).ShouldBe(["req_1", null, "req_2", "req_3"]);
        (await audit.Database.ReadAsync<long>("SELECT batch_id FROM audit_unsealed ORDER BY 1")).ShouldBe(batches.Select(batch => batch.Id));
    }

    [Fact]
    public async Task WhatIsReadBackIsWhatWasWritten()
    {
        await using var audit = await AuditDatabase.CreateAsync();
        var records = new[]
        {
            AuditDatabase.Full(7),
            AuditDatabase.Full() with { LatencyMs = double.NaN, Ts = DateTimeOffset.MinValue, Metadata = """{"b":1,"a":-0.0}""" },
            AuditDatabase.Full() with { LatencyMs = double.NegativeInfinity, Ts = DateTimeOffset.MaxValue, UserAgent = "" },
            AuditDatabase.Full() with { LatencyMs = -0.0, Ts = new(1999, 12, 31, 23, 59, 59, 999, TimeSpan.FromHours(5)), Metadata = """{"n":5e-324,"m":1.7976931348623157e308}""" },
        };
        await audit.WriteAsync(records);

        var rows = await audit.RowsAsync();

        rows.Select(row => row with { Id = 0, Metadata = null }).ShouldBe(records.Select(AuditRow.Of).Select(row => row with { Metadata = null }));
        rows.Select(row => Convert.ToHexString(row.Digest())).ShouldBe(records.Select(AuditRow.Of).Select(row => Convert.ToHexString(row.Digest())));
        rows.Select(row => AuditTime.ToTime(row.Ts).UtcTicks / 10).ShouldBe(records.Select(record => record.Ts.UtcTicks / 10));
    }

    [Fact]
    public async Task RowsAreWrittenWithTheTransactionTheyAreInOrNotAtAll()
    {
        await using var audit = await AuditDatabase.CreateAsync();
        await using (var connection = await audit.AsApp.OpenConnectionAsync())
        await using (await connection.BeginTransactionAsync())
        {
            await AuditTable.WriteAsync(connection, [AuditDatabase.Full()], CancellationToken.None);
        }

        (await audit.RowsAsync()).ShouldBeEmpty();
        (await audit.BatchesAsync()).ShouldBeEmpty();
        (await audit.Database.ReadAsync<long>("SELECT batch_id FROM audit_unsealed")).ShouldBeEmpty();
    }

    [Fact]
    public async Task WhatMustNeverBeInARowIsTakenOutOfIt()
    {
        await using var audit = await AuditDatabase.CreateAsync();
        var token = KeyToken.Generate("live").Text;
        await audit.WriteAsync(AuditDatabase.Full() with
        {
            UserAgent = $"Mozilla/5.0 (X11; rv:120.0) Gecko/20100101 {token} ada@example.com +1 555-010-0100 tel:15550100100 Chrome/120.0.6099.109",
            ErrorCode = $"a\u0000b\ud800 {token}",
            ProviderMessageId = "wamid.HBgLMTU1NTAxMDAxMDA",
            RequestId = new string('x', 500),
            Metadata = $$"""{"label":"{{token}}"}""",
        });

        var row = (await audit.RowsAsync()).ShouldHaveSingleItem();

        row.UserAgent.ShouldBe($"Mozilla/5.0 (X11; rv:120.0) Gecko/20100101 {token[..23]}… (e-mail) (number) tel:(number) Chrome/120.0.6099.109");
        row.ErrorCode.ShouldBe($"a?b? {token[..23]}…");
        row.ProviderMessageId.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("wamid.HBgLMTU1NTAxMDAxMDA"))));
        row.RequestId!.Length.ShouldBe(200);
        row.Metadata!.ShouldNotContain(token);
    }

    private static IEnumerable<(long, string)> Entries(AuditBatch batch) =>
        Enumerable.Range(0, batch.Count).Select(index => (batch.RowId(index), Convert.ToHexString(batch.RowDigest(index).Span)));
}
