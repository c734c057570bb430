using WaMcp.Server;

if (args.Contains("--help"))
{
    Console.WriteLine(Usage.Text);
    return 0;
}

if (args.Contains("--stdio"))
{
    return await StdioApp.RunAsync([.. args.Where(argument => argument != "--stdio")]);
}

await ServerApp.Build(WebApplication.CreateBuilder(args)).RunAsync();
return 0;
