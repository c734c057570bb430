using System.CommandLine;
using WaMcp.Benchmarks.Audit;
using WaMcp.Benchmarks.Delivery;
using WaMcp.Benchmarks.Reading;
using WaMcp.Benchmarks.Recording;
using WaMcp.Benchmarks.Waiting;
using WaMcp.Benchmarks.Webhooks;

var root = new RootCommand("How fast WaMcp is, as ratios inside one run: machines differ and drift.") { new AuditCommand(), new QueueCommand(), new SendsCommand(), new ReadingCommand(), new WaitsCommand(), new WebhooksCommand(), new RecordingCommand() };
return await root.Parse(args).InvokeAsync();
