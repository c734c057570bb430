using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace WaMcp.Domain.Data.Migrations;

/// <summary>What became of deliveries, facts about channels, what messages hold, and who is who.</summary>
[DbContext(typeof(WaMcpDbContext))]
[Migration("0009_inbound")]
internal sealed class Inbound : SqlMigration;
