using WaMcp.Server;

await ServerApp.Build(WebApplication.CreateBuilder(args)).RunAsync();
