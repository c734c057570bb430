using WaMcp.Worker;

await WorkerApp.Build(WebApplication.CreateBuilder(args)).RunAsync();
