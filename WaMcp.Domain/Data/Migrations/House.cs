using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace WaMcp.Domain.Data.Migrations;

/// <summary>The first migration.</summary>
[DbContext(typeof(WaMcpDbContext))]
[Migration("0001_house")]
internal sealed class House : SqlMigration;
