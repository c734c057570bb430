using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace WaMcp.Domain.Data.Migrations;

/// <summary>Outgoing webhooks to clients.</summary>
[DbContext(typeof(WaMcpDbContext))]
[Migration("0010_endpoints")]
internal sealed class OutgoingWebhooks : SqlMigration;
