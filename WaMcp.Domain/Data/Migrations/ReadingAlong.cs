using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace WaMcp.Domain.Data.Migrations;

/// <summary>A search begins and ends where its channel or conversation does.</summary>
[DbContext(typeof(WaMcpDbContext))]
[Migration("0012_reading_along")]
internal sealed class ReadingAlong : SqlMigration;
