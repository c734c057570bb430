using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace WaMcp.Domain.Data.Migrations;

/// <summary>Rotation of keys and of the pepper.</summary>
[DbContext(typeof(WaMcpDbContext))]
[Migration("0002_access")]
internal sealed class AccessRotation : SqlMigration;
