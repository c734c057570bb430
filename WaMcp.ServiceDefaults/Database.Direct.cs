using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;

namespace WaMcp.ServiceDefaults;

public static partial class Database
{
    // What Aspire would add is in Database.cs and Telemetry.cs already.
    private static partial void Enrich<TContext>(IHostApplicationBuilder builder)
        where TContext : DbContext
    {
    }
}
