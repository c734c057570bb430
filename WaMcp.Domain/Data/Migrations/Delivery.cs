using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace WaMcp.Domain.Data.Migrations;

/// <summary>Turns, order and pace of the queue; channels that are stopped; people who stopped marketing.</summary>
[DbContext(typeof(WaMcpDbContext))]
[Migration("0005_delivery")]
internal sealed class Delivery : SqlMigration;
