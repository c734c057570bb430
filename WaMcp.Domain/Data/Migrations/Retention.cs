using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace WaMcp.Domain.Data.Migrations;

/// <summary>Retention: clients' own periods, daily duties, erased contacts.</summary>
[DbContext(typeof(WaMcpDbContext))]
[Migration("0004_retention")]
internal sealed class Retention : SqlMigration;
