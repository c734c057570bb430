using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace WaMcp.Domain.Data.Migrations;

/// <summary>Files that clients send, and where providers keep copies of them.</summary>
[DbContext(typeof(WaMcpDbContext))]
[Migration("0007_media")]
internal sealed class MediaObjects : SqlMigration;
