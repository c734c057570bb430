using System.CommandLine;
using WaMcp.Admin.CommandLine;

namespace WaMcp.Admin.Db;

/// <summary><c>admin db</c>.</summary>
internal sealed class DbCommand : Command, IHasExamples
{
    public DbCommand()
        : base("db", "The database.") => Add(new MigrateCommand());

    public IReadOnlyList<string> Examples { get; } = ["admin db migrate"];
}
