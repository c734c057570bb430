using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace WaMcp.Domain.Data;

/// <summary>Names tables and columns by convention: <c>ApiKeys.LastUsedAt</c> is <c>api_keys.last_used_at</c>.</summary>
internal static class SnakeCase
{
    public static void Apply(IMutableEntityType entity)
    {
        entity.SetTableName(Of(entity.GetTableName()!));
        foreach (var property in entity.GetProperties())
        {
            property.SetColumnName(Of(property.GetColumnName()));
        }
    }

    internal static string Of(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        for (var i = 0; i < name.Length; i++)
        {
            if (i > 0 && char.IsUpper(name[i]))
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(name[i]));
        }

        return text.ToString();
    }
}
