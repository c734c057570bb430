using WaMcp.Domain.Audit;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Audit;

/// <summary>Whoever has every right in the database changes something: it is found and named.</summary>
public sealed class VerifyTests
{
    [Fact]
    public async Task WhatManyWrittenAtOnceIsWholeBeforeAndAfterItIsSealed()
    {
        await using var audit = await AuditDatabase.CreateAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, 60), async (number, _) =>
        {
            await audit.WriteAsync([.. Enumerable.Range(0, number % 7).Select(AuditDatabase.Full)]);
            await audit.SealAsync();
        });
        await audit.SealAsync();
        await audit.WriteAsync(AuditDatabase.Full());
        var rows = await audit.RowsAsync();

        var verdict = await audit.VerifyAsync();

        verdict.First.ShouldBeNull();
        (verdict.Rows, verdict.Batches, verdict.Unsealed, verdict.RowsBeforeChain).ShouldBe((rows.Count, 61, 1, 0));
        await audit.SealAsync();
        (await audit.VerifyAsync()).Unsealed.ShouldBe(0);
    }

    [Fact]
    public async Task AChangeInAnyColumnOfARowIsFound()
    {
        await using var audit = await FilledAsync();
        var id = (await audit.RowsAsync())[4].Id;
        foreach (var column in AuditRow.Columns.Split(", ").Except(["id"]))
        {
            await audit.TamperAsync($"CREATE TABLE before AS SELECT {column} AS value FROM audit_log WHERE id = {id}");
            foreach (var other in Others(column, await TypeAsync(audit, "audit_log", column), isNullable: column is not ("ts" or "action")))
            {
                await audit.TamperAsync($"UPDATE audit_log SET {column} = {other} WHERE id = {id}");
                await ShouldFindAsync(audit, "row_altered", $"Row {id} ", $"{column} = {other}");
                await audit.TamperAsync($"UPDATE audit_log SET {column} = (SELECT value FROM before) WHERE id = {id}");
            }

            await audit.TamperAsync("DROP TABLE before");
        }

        (await audit.VerifyAsync()).First.ShouldBeNull("everything is as it was again");
    }

    [Theory]
    [InlineData("audit_batches", AuditBatch.Columns, "batch_altered", "Batch ")]
    [InlineData("audit_seals", AuditSeal.Columns, "seal_altered", "Seal ")]
    public async Task AChangeInAnyColumnOfABatchOrASealIsFound(string table, string columns, string kind, string words)
    {
        await using var audit = await FilledAsync();
        var key = columns.Split(", ")[0];
        var id = (await audit.Database.ReadAsync<long>($"SELECT {key} FROM {table} ORDER BY 1 OFFSET 1")).First();
        foreach (var column in columns.Split(", ").Skip(1))
        {
            await audit.TamperAsync($"CREATE TABLE before AS SELECT {column} AS value FROM {table} WHERE {key} = {id}");
            foreach (var other in Others(column, await TypeAsync(audit, table, column), isNullable: column is "writer" or "first_id" or "last_id"))
            {
                await audit.TamperAsync($"UPDATE {table} SET {column} = {other} WHERE {key} = {id}");
                await ShouldFindAsync(audit, kind, words, $"{column} = {other}");
                await audit.TamperAsync($"UPDATE {table} SET {column} = (SELECT value FROM before) WHERE {key} = {id}");
            }

            await audit.TamperAsync("DROP TABLE before");
        }

        (await audit.VerifyAsync()).First.ShouldBeNull("everything is as it was again");
    }

    [Theory]
    [InlineData("DELETE FROM audit_log WHERE id = {4}", "row_missing", "Row {4} of batch")]
    [InlineData("DELETE FROM audit_log WHERE id = {last}", "row_missing", "Row {last} of batch")]
    [InlineData("INSERT INTO audit_log (ts, action) VALUES (now(), 'x')", "row_added", "is in no batch")]
    [InlineData("ALTER TABLE audit_log DROP CONSTRAINT audit_log_id_check; INSERT INTO audit_log (id, ts, action) VALUES (-5, now(), 'x')", "row_added", "before the chain")]
    [InlineData(
        "ALTER TABLE audit_log DROP CONSTRAINT audit_log_id_check; INSERT INTO audit_log (id, ts, action) VALUES (-9223372036854775808, now(), 'x')",
        "row_added", "-9223372036854775808")]
    [InlineData(
        "ALTER TABLE audit_batches DROP CONSTRAINT audit_batches_id_check; INSERT INTO audit_batches SELECT -1, gen_random_uuid(), NULL, false, now(), NULL, NULL, 0, '', sha256('')",
        "batch_added", "Batch -1 is in no seal")]
    [InlineData("UPDATE audit_log SET id = {last} + 100 WHERE id = {4}", "row_missing", "Row {4} of batch")]
    [InlineData(
        "UPDATE audit_log SET id = 999999 WHERE id = {4}; UPDATE audit_log SET id = {4} WHERE id = {7}; UPDATE audit_log SET id = {7} WHERE id = 999999",
        "rows_swapped", "The rows {4} and {7} have changed places.")]
    [InlineData("DELETE FROM audit_batches WHERE first_id = {4}", "batch_missing", "Batch ")]
    [InlineData("DELETE FROM audit_batches WHERE first_id = {4}; DELETE FROM audit_log WHERE id BETWEEN {4} AND {6}", "batch_missing", "Batch ")]
    [InlineData("INSERT INTO audit_batches SELECT 99, gen_random_uuid(), NULL, false, now(), NULL, NULL, 0, '', sha256('')", "batch_added", "Batch 99 is in no seal")]
    [InlineData("DELETE FROM audit_unsealed", "batch_added", "is in no seal")]
    [InlineData(
        "ALTER TABLE audit_unsealed DROP CONSTRAINT audit_unsealed_batch_id_fkey; DELETE FROM audit_batches WHERE id IN (SELECT batch_id FROM audit_unsealed)",
        "batch_missing", "is gone")]
    [InlineData("DELETE FROM audit_seals WHERE number = 1", "seal_missing", "Seal 1 is gone")]
    [InlineData("DELETE FROM audit_seals WHERE number = 0", "seal_missing", "Seal 0 is gone")]
    [InlineData("DELETE FROM audit_seals", "seal_missing", "There is no seal at all")]
    [InlineData("UPDATE audit_seals SET number = -number WHERE number IN (1, 2); UPDATE audit_seals SET number = 3 + number WHERE number < 0", "seal_altered", "Seal 1 ")]
    public async Task WhatWasRemovedAddedOrExchangedIsNamed(string sql, string kind, string words)
    {
        await using var audit = await FilledAsync();
        await audit.WriteAsync(AuditDatabase.Full(99)); // not sealed yet
        var ids = (await audit.RowsAsync()).Select(row => row.Id).ToList();
        string Named(string text) => text.Replace("{4}", $"{ids[3]}").Replace("{6}", $"{ids[5]}").Replace("{7}", $"{ids[6]}").Replace("{last}", $"{ids[^1]}");

        await audit.TamperAsync(Named(sql));

        await ShouldFindAsync(audit, kind, Named(words), sql);
    }

    [Fact]
    public async Task ATailThatWasCutOffIsFoundByAHeadFromElsewhereAndOnlyByIt()
    {
        await using var audit = await FilledAsync();
        var head = await audit.SealAsync();
        (await audit.VerifyAsync(new() { Heads = [head] })).First.ShouldBeNull();

        await audit.TamperAsync(
            """
            DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log ORDER BY id DESC LIMIT 3);
            DELETE FROM audit_batches WHERE id = (SELECT max(id) FROM audit_batches);
            DELETE FROM audit_seals WHERE number = (SELECT max(number) FROM audit_seals)
            """);

        (await audit.VerifyAsync()).First.ShouldBeNull();
        (await audit.VerifyAsync(new() { Heads = [head] })).First!.Kind.ShouldBe("tail_missing");
    }

    [Fact]
    public async Task AChainThatWasWrittenAnewIsFoundByAHeadFromElsewhereAndOnlyByIt()
    {
        await using var audit = await FilledAsync();
        var (first, head) = ((await audit.VerifyAsync()).Head!, await audit.SealAsync());
        first.ShouldBe(head);

        // All rows again, one of them other than it was, with the very programs that wrote them.
        await audit.TamperAsync("CREATE TABLE copy AS SELECT * FROM audit_log; TRUNCATE audit_log, audit_batches, audit_unsealed; DELETE FROM audit_seals WHERE number > 0");
        await audit.TamperAsync("ALTER SEQUENCE audit_log_id_seq RESTART; ALTER SEQUENCE audit_batches_id_seq RESTART");
        await audit.WriteAsync([.. Enumerable.Range(0, 12).Select(AuditDatabase.Full)]);
        for (var seal = 0; seal < head.Number; seal++)
        {
            await audit.SealAsync();
            await audit.WriteAsync(AuditDatabase.Full(seal));
        }

        (await audit.VerifyAsync()).First.ShouldBeNull();
        (await audit.VerifyAsync(new() { Heads = [head] })).First!.Kind.ShouldBe("chain_rewritten");
    }

    [Fact]
    public async Task RowsFromBeforeTheChainAreOnlyCounted()
    {
        await using var audit = await AuditDatabase.CreateAsync();
        await audit.TamperAsync("DROP TABLE audit_batches, audit_unsealed, audit_seals; DROP INDEX audit_log_rare"); // a database from before
        await audit.TamperAsync("INSERT INTO audit_log (ts, action) SELECT now(), 'tool_called' FROM generate_series(1, 5)");
        await audit.TamperAsync("DELETE FROM audit_log WHERE id = 3");
        var migration = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "WaMcp.Domain", "Data", "Migrations", "0003_audit.sql"));
        await audit.TamperAsync($"BEGIN; {migration}; COMMIT");
        await audit.WriteAsync(AuditDatabase.Full());

        var verdict = await audit.VerifyAsync();

        (verdict.First, verdict.RowsBeforeChain, verdict.Rows).ShouldBe((null, 4, 1));
        await audit.TamperAsync("INSERT INTO audit_log (id, ts, action) VALUES (3, now(), 'tool_called')");
        (await audit.VerifyAsync()).First!.Text.ShouldBe("There are 5 rows from before the chain, and there were 4.");
    }

    [Fact]
    public async Task ArchivedRowsAreReadFromTheArchive()
    {
        await using var audit = await FilledAsync();
        var all = await audit.RowsAsync();
        var archived = all[..5];
        await audit.TamperAsync($"DELETE FROM audit_log WHERE id IN ({string.Join(',', archived[..4].Select(row => row.Id))})"); // one is there twice

        (await audit.VerifyAsync(new() { Archived = _ => archived.ToAsyncEnumerable() })).ShouldSatisfyAllConditions(
            verdict => verdict.First.ShouldBeNull(), verdict => verdict.Rows.ShouldBe(all.Count));
        (await audit.VerifyAsync()).Kinds.ShouldBe(new Dictionary<string, long> { ["row_missing"] = 4 });
        archived[1] = archived[1] with { ToolName = "ping" };
        (await audit.VerifyAsync(new() { Archived = _ => archived.ToAsyncEnumerable() })).First!.Text.ShouldStartWith($"Row {archived[1].Id} is not");
        archived[1] = all[1];
        archived[4] = all[4] with { Ip = null };
        (await audit.VerifyAsync(new() { Archived = _ => archived.ToAsyncEnumerable() })).First!.Text.ShouldStartWith($"Row {archived[4].Id} is not");
        (await audit.VerifyAsync(new() { Archived = _ => all.ToAsyncEnumerable() })).First.ShouldBeNull();
    }

    [Fact]
    public async Task OnlyWhatWasWrittenSinceIsLookedAt()
    {
        await using var audit = await FilledAsync();
        var (batches, rows) = (await audit.BatchesAsync(), await audit.RowsAsync());
        var half = batches[batches.Count / 2];
        await audit.TamperAsync($"UPDATE audit_log SET ip = NULL WHERE id = {rows[0].Id}");

        (await audit.VerifyAsync()).First!.Kind.ShouldBe("row_altered");
        var later = await audit.VerifyAsync(new() { FromBatch = half.Id });
        (later.First, later.Rows).ShouldBe((null, rows.Count(row => row.Id >= half.FirstId)));
        (await audit.VerifyAsync(new() { FromBatch = half.Id, Archived = _ => rows.ToAsyncEnumerable() })).First.ShouldBeNull();
        (await audit.VerifyAsync(new() { Since = TimeSpan.Zero })).Rows.ShouldBe(0);
        (await audit.VerifyAsync(new() { Since = TimeSpan.FromHours(1) })).Rows.ShouldBe(rows.Count);
        await audit.TamperAsync("INSERT INTO audit_log (ts, action) VALUES (now(), 'x')");
        (await audit.VerifyAsync(new() { Since = TimeSpan.Zero })).First!.Kind.ShouldBe("row_added");
    }

    // Five batches of three rows under three seals, from one writer.
    private static async Task<AuditDatabase> FilledAsync()
    {
        var audit = await AuditDatabase.CreateAsync();
        for (var batch = 0; batch < 5; batch++)
        {
            await audit.FlushAsync([.. Enumerable.Range(batch * 3, 3).Select(AuditDatabase.Full)]);
            if (batch % 2 == 1)
            {
                await audit.SealAsync();
            }
        }

        await audit.SealAsync();
        return audit;
    }

    private static async Task ShouldFindAsync(AuditDatabase audit, string kind, string words, string what)
    {
        var verdict = await audit.VerifyAsync();
        verdict.First.ShouldNotBeNull(what);
        verdict.First.Kind.ShouldBe(kind, what);
        verdict.First.Text.ShouldContain(words, customMessage: what);
        verdict.IsWhole.ShouldBeFalse();
    }

    private static async Task<string> TypeAsync(AuditDatabase audit, string table, string column) => (await audit.Database.ReadAsync<string>(
        $"SELECT data_type::text FROM information_schema.columns WHERE table_name = '{table}' AND column_name = '{column}'")).Single();

    // Other values of a column: the smallest change there is, nothing, and what must not break whoever looks.
    private static IEnumerable<string> Others(string column, string type, bool isNullable)
    {
        IEnumerable<string> others = type switch
        {
            "timestamp with time zone" => [$"{column} + interval '1 microsecond'", "'infinity'", "'-infinity'"],
            "text" => [$"{column} || ' '", "''", $"left({column}, -1)"],
            "uuid" => ["gen_random_uuid()", "'00000000-0000-0000-0000-000000000000'"],
            "double precision" => [$"{column} + 1e-12", "'NaN'", "-0.0"],
            "jsonb" => [$"{column} || '{{\"a\": 1}}'", "'{}'", "'null'", "'1e400'", "'[]'"],
            "bytea" => [$"set_byte({column}, 3, get_byte({column}, 3) # 1)", $"{column} || '\\x00'", "''"],
            "boolean" => [$"NOT {column}"],
            _ => [$"{column} + 1", "0"],
        };
        return isNullable ? others.Append("NULL") : others;
    }
}
