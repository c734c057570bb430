using System.Net.Sockets;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Logging.Console;
using Npgsql;
using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Domain.Data;
using WaMcp.Server.Auth;
using WaMcp.Server.Mcp;
using WaMcp.Server.Tools;
using WaMcp.ServiceDefaults;

namespace WaMcp.Server;

/// <summary>
/// The same tools for the owner at the machine itself, without a key: MCP over standard input and output. Needs Postgres and no Redis.
/// Standard output carries the protocol and nothing else.
/// </summary>
public static class StdioApp
{
    // The library logs every refused call as an error with its stack; what a tool did not foresee, the tool logs itself. Behind the
    // defaults of all programs and below appsettings and the environment: an operator may turn it up.
    private static readonly Dictionary<string, string?> QuietProtocol = new() { ["Logging:LogLevel:ModelContextProtocol"] = nameof(LogLevel.Critical) };

    /// <summary>Serves until standard input is closed or a signal comes, then writes the audit rows that are left.</summary>
    /// <returns>The program's exit code.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        // The protocol has its own hold on standard output; whatever else writes to the console must not get between two messages.
        Console.SetOut(Console.Error);
        using var host = Build(args);
        if (await RefusalAsync(host.Services) is { } refusal)
        {
            await Console.Error.WriteLineAsync($"WaMcp.Server --stdio: {refusal}");
            return 1;
        }

        await host.RunAsync();
        return 0;
    }

    private static IHost Build(string[] args)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
        {
            Args = args,
            // Desktop clients start it anywhere, and settings that lie there by chance are not ours.
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.AddServiceDefaults();
        builder.Configuration.Sources.Insert(1, new MemoryConfigurationSource { InitialData = QuietProtocol });
        builder.AddDatabase<WaMcpDbContext>();
        builder.Services.PostConfigure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddWaMcpDomain().AddMedia().AddOwnerAccess().AddChannels();
        builder.Services.AddAuditLog();
        builder.Services.AddScoped<Caller>().AddScoped<CallAudit>();
        // After the audit log: what starts last stops first, so the last calls' rows find it running.
        builder.Services.AddWaMcpTools().AddMcpStdio();
        return builder.Build();
    }

    // Somebody who configures a desktop client must read what is missing in its log, not in the error of some later call.
    private static async Task<string?> RefusalAsync(IServiceProvider services)
    {
        try
        {
            await using var scope = services.CreateAsyncScope();
            await using (await scope.ServiceProvider.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync())
            {
                // Asked first and alone: the libraries above it log a database that is away in many lines.
            }

            var check = await scope.ServiceProvider.GetRequiredService<AuthenticateOwner>().ExecuteAsync(CancellationToken.None);
            return check.Reason == OwnerCheck.NoOwner ? OwnerGate.Sentence(check.Reason) : null;
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or TimeoutException)
        {
            var reason = exception.Message.ReplaceLineEndings(" ");
            return $"The database cannot be used ({reason}). Is the system up, and is ConnectionStrings:wamcp right?";
        }
        catch (ArgumentException exception)
        {
            return $"ConnectionStrings:wamcp cannot be read: {exception.Message.ReplaceLineEndings(" ")}";
        }
        catch (InvalidOperationException exception)
        {
            return exception.Message.ReplaceLineEndings(" "); // a setting is missing, and it says which
        }
    }
}
