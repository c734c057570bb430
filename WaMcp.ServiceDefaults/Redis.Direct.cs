using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace WaMcp.ServiceDefaults;

public static partial class Redis
{
    private static partial void AddConnection(IHostApplicationBuilder builder) =>
        builder.Services.AddSingleton<IConnectionMultiplexer>(services =>
        {
            // Not ConnectAsync: in 1.2.6 what is awaited there may go on on the reader thread and block it for good.
            var options = ConfigurationOptions.Parse(Settings(services.GetRequiredService<IConfiguration>()));
            Prepare(options);
            var connection = ConnectionMultiplexer.Connect(options);
            // Or else one continuation that blocks would hold back every later answer.
            connection.PreserveAsyncOrder = false;
            return connection;
        });
}
