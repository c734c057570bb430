using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace WaMcp.Domain.Data.Migrations;

/// <summary>When channels were resumed.</summary>
[DbContext(typeof(WaMcpDbContext))]
[Migration("0008_resumed")]
internal sealed class Resumed : SqlMigration;
