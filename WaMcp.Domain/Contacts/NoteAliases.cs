using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Contacts;

/// <summary>Writes down what people were called before. Runs inside the caller's transaction.</summary>
internal static class NoteAliases
{
    /// <summary>A provider's id is one person's, the last who was told to have it; a number may have been several people's.</summary>
    public static async Task ExecuteAsync(WaMcpDbContext context, IEnumerable<ContactAlias> aliases, CancellationToken cancellationToken)
    {
        foreach (var alias in aliases)
        {
            var (id, client, channel, contact) = (alias.Id, alias.ClientId.Value, alias.ChannelId.Value, alias.ContactId.Value);
            FormattableString write = alias.Kind switch
            {
                AliasKind.User =>
                    $"""
                    INSERT INTO contact_aliases AS known (id, client_id, channel_id, kind, value, contact_id, until, created_at)
                    VALUES ({id}, {client}, {channel}, 'User', {alias.Value}, {contact}, {alias.Until}, {alias.CreatedAt})
                    ON CONFLICT (client_id, channel_id, value) WHERE kind = 'User' DO UPDATE SET contact_id = excluded.contact_id, until = excluded.until
                    WHERE known.until <= excluded.until
                    """,
                _ =>
                    $"""
                    INSERT INTO contact_aliases AS known (id, client_id, channel_id, kind, value, contact_id, until, created_at)
                    VALUES ({id}, {client}, {channel}, 'Phone', {alias.Value}, {contact}, {alias.Until}, {alias.CreatedAt})
                    ON CONFLICT (client_id, channel_id, value, contact_id) WHERE kind = 'Phone' DO UPDATE SET until = excluded.until
                    WHERE known.until < excluded.until
                    """,
            };
            await context.Database.ExecuteSqlAsync(write, cancellationToken);
        }
    }
}
