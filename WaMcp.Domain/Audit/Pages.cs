using System.Runtime.CompilerServices;
using Npgsql;

namespace WaMcp.Domain.Audit;

/// <summary>Reads a long table page by page over a connection that others use in between: each page is read whole before any of it is handed out.</summary>
internal static class Pages
{
    /// <summary>Every row from a key on.</summary>
    /// <param name="connection">Its snapshot is that of its transaction.</param>
    /// <param name="sql">One page after the key in the parameters <c>$1</c> and following.</param>
    /// <param name="from">The key that all rows come after.</param>
    /// <param name="read">Reads one row.</param>
    /// <param name="keyOf">The key of a row.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async IAsyncEnumerable<T> ReadAsync<T>(
        NpgsqlConnection connection, string sql, object[] from, Func<NpgsqlDataReader, T> read, Func<T, object[]> keyOf,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var key = from;
        while (true)
        {
            var page = await ReadAsync(connection, sql, key, read, cancellationToken);
            if (page.Count == 0)
            {
                yield break;
            }

            foreach (var row in page)
            {
                yield return row;
            }

            key = keyOf(page[^1]);
        }
    }

    /// <summary>All rows of one statement.</summary>
    public static async Task<List<T>> ReadAsync<T>(
        NpgsqlConnection connection, string sql, object[] parameters, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 }; // whoever reads everything has time
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter as NpgsqlParameter ?? new() { Value = parameter });
        }

        var rows = new List<T>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}
