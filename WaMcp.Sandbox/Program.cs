using WaMcp.Sandbox;

await SandboxApp.Build(WebApplication.CreateBuilder(args)).RunAsync();
