using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace WaMcp.Domain.Data.Migrations;

/// <summary>What is new, who waits for an answer, and words.</summary>
[DbContext(typeof(WaMcpDbContext))]
[Migration("0008_reading")]
internal sealed class Reading : SqlMigration;
