namespace WaMcp.Domain.Audit;

/// <summary>A row that is about to be written, with the digest that its batch keeps of it.</summary>
internal readonly record struct DigestedRow(AuditRow Row, byte[] Digest)
{
    public static DigestedRow Of(AuditRecord record)
    {
        var row = AuditRow.Of(record);
        return new(row, row.Digest());
    }
}
