return await WaMcp.Admin.AdminApp.RunAsync(args, Console.Out, Console.Error);
