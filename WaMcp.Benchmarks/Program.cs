using System.CommandLine;
using WaMcp.Benchmarks.Audit;
using WaMcp.Benchmarks.Delivery;

var root = new RootCommand("How fast WaMcp is, as ratios inside one run: machines differ and drift.") { new AuditCommand(), new QueueCommand(), new SendsCommand() };
return await root.Parse(args).InvokeAsync();
