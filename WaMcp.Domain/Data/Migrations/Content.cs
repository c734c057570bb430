using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace WaMcp.Domain.Data.Migrations;

/// <summary>Orders that come twice, templates, and what usage is counted by.</summary>
[DbContext(typeof(WaMcpDbContext))]
[Migration("0006_content")]
internal sealed class Content : SqlMigration;
