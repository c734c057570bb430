using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace WaMcp.Domain.Data.Migrations;

/// <summary>Files that contacts send.</summary>
[DbContext(typeof(WaMcpDbContext))]
[Migration("0011_inbound_media")]
internal sealed class InboundMedia : SqlMigration;
