using System.CommandLine;
using WaMcp.Benchmarks.Audit;

return await new RootCommand("How fast WaMcp is, as ratios inside one run: machines differ and drift.") { new AuditCommand() }.Parse(args).InvokeAsync();
