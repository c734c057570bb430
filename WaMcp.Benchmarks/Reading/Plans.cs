namespace WaMcp.Benchmarks.Reading;

/// <summary>Postgres's own account of each read: what it chose, how many rows and buffers that took.</summary>
internal static class Plans
{
    public static async Task PrintAsync(MessageArchive archive, CancellationToken cancellationToken)
    {
        foreach (var (setting, value) in new[]
        {
            ("session_preload_libraries", "'auto_explain'"), ("auto_explain.log_min_duration", "0"), ("auto_explain.log_analyze", "on"), ("auto_explain.log_buffers", "on"),
            ("auto_explain.log_timing", "off"), ("auto_explain.log_nested_statements", "on"),
        })
        {
            await archive.Postgres.ExecuteAsync($"ALTER ROLE wa_app SET {setting} = {value}", cancellationToken);
        }

        await using var reads = await Reads.PrepareAsync(archive, cancellationToken);
        for (var read = 0; read < reads.All.Count; read++)
        {
            await reads.RunAsync(read, cancellationToken); // so that the catalogue is read
            var lines = new List<string>();
            archive.Postgres.Heard = line =>
            {
                lock (lines)
                {
                    lines.Add(line);
                }
            };
            await reads.RunAsync(read, cancellationToken);
            await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken); // the last lines come after the answer
            archive.Postgres.Heard = null;
            Console.WriteLine($"\n== {reads.All[read].Name}");
            lock (lines)
            {
                lines.ForEach(Console.WriteLine);
            }
        }
    }
}
