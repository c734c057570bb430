using System.Text;
using WaMcp.Tests.Data;

namespace WaMcp.Tests.Admin;

/// <summary>Everything that a database holds, as text: to see that something is nowhere in it.</summary>
internal static class WholeDatabase
{
    public static async Task<string> TextAsync(MigratedDatabase database)
    {
        var text = new StringBuilder();
        foreach (var table in await database.ReadAsync<string>("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"))
        {
            text.AppendJoin('\n', await database.ReadAsync<string>($"SELECT t::text FROM {table} t")).AppendLine();
        }

        return text.ToString();
    }

    /// <summary>Neither as text nor, in a bytea column, as bytes.</summary>
    public static void ShouldNotHold(this string wholeDatabase, params string[] secrets)
    {
        wholeDatabase.ShouldNotBeEmpty();
        foreach (var secret in secrets)
        {
            wholeDatabase.ShouldNotContain(secret);
            wholeDatabase.ShouldNotContain(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(secret)));
        }
    }
}
