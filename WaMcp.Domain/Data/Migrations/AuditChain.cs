using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace WaMcp.Domain.Data.Migrations;

/// <summary>Batches and seals: what makes the audit log tamper-evident.</summary>
[DbContext(typeof(WaMcpDbContext))]
[Migration("0003_audit")]
internal sealed class AuditChain : SqlMigration;
